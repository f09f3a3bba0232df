using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// What comes before and after the products of a 3×3 convolution by Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray, arXiv
/// 1509.09308, section 4.1): four neighbouring results Aᵀ·[U ⊙ (Bᵀ·d·B)]·A from a tile d of 4×4 pixels take 16 products a channel in place
/// of 36. The matrices A and B hold nothing but 0, 1 and −1. As in <see cref="ManagedKernels"/>, every sum has its order, whatever the
/// processor's vectors.
/// </summary>
internal static class WinogradKernels
{
    /// <summary>The number of values of a tile, 4×4.</summary>
    public const int Points = 16;

    private const int Side = 4;

    /// <summary>Writes kernels as they are multiplied, U = G·g·Gᵀ; in double precision, for it is done once.</summary>
    /// <param name="kernels">g, (n, 3, 3).</param>
    /// <param name="target">U, (16, n).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SpreadKernels(ReadOnlySpan<float> kernels, Span<float> target)
    {
        var count = kernels.Length / 9;
        Span<double> columns = stackalloc double[3 * Side]; // G·g
        Span<double> row = stackalloc double[Side];
        for (var n = 0; n < count; n++)
        {
            var kernel = kernels.Slice(9 * n, 9);
            for (var x = 0; x < 3; x++)
            {
                SpreadThree(kernel[x], kernel[3 + x], kernel[6 + x], row);
                (columns[x], columns[3 + x], columns[6 + x], columns[9 + x]) = (row[0], row[1], row[2], row[3]);
            }

            for (var y = 0; y < Side; y++)
            {
                SpreadThree(columns[3 * y], columns[(3 * y) + 1], columns[(3 * y) + 2], row);
                for (var x = 0; x < Side; x++)
                {
                    target[(((Side * y) + x) * count) + n] = (float)row[x];
                }
            }
        }

        static void SpreadThree(double a, double b, double c, Span<double> four) =>
            (four[0], four[1], four[2], four[3]) = (a, (a + b + c) / 2, (a - b + c) / 2, c);
    }

    /// <summary>Writes a tile as it is multiplied, V = Bᵀ·d·B.</summary>
    /// <param name="input">The image, pixel by pixel.</param>
    /// <param name="start">Where in it the tile's upper left corner lies.</param>
    /// <param name="stride">The length of one of its rows.</param>
    /// <param name="channels">C, whole vectors.</param>
    /// <param name="tile">The number of the tile.</param>
    /// <param name="tiles">The number of tiles.</param>
    /// <param name="target">V, (16, tiles, C).</param>
    public static void Spread(ReadOnlySpan<float> input, int start, int stride, int channels, int tile, int tiles, Span<float> target)
    {
        ManagedKernels.CheckSize(target, Points * tiles, channels);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tile, tiles);
        _ = input[start + (3 * stride) + (Side * channels) - 1]; // the last value read
        if (Vector512.IsHardwareAccelerated)
        {
            Spread<Vectors512, Vector512<float>>(input, start, stride, channels, tile, tiles, target);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Spread<Vectors256, Vector256<float>>(input, start, stride, channels, tile, tiles, target);
        }
        else
        {
            Spread<Vectors128, Vector128<float>>(input, start, stride, channels, tile, tiles, target);
        }
    }

    /// <summary>Reads the four results of a tile, Aᵀ·M·A, and adds their bias.</summary>
    /// <param name="products">M, (16, tiles, outputs).</param>
    /// <param name="tile">The number of the tile.</param>
    /// <param name="tiles">The number of tiles.</param>
    /// <param name="bias">The outputs' biases, whole vectors.</param>
    /// <param name="target">Where to write: left and right of the upper row, then of the lower, 4 × outputs.</param>
    public static void Gather(ReadOnlySpan<float> products, int tile, int tiles, ReadOnlySpan<float> bias, Span<float> target)
    {
        ManagedKernels.CheckSize(products, Points * tiles, bias.Length);
        ManagedKernels.CheckSize(target, Side, bias.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(tile, tiles);
        if (Vector512.IsHardwareAccelerated)
        {
            Gather<Vectors512, Vector512<float>>(products, tile, tiles, bias, target);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Gather<Vectors256, Vector256<float>>(products, tile, tiles, bias, target);
        }
        else
        {
            Gather<Vectors128, Vector128<float>>(products, tile, tiles, bias, target);
        }
    }

    /// <summary>Writes a tile as it is multiplied, by vectors of one width.</summary>
    /// <typeparam name="TVectors">Their arithmetic.</typeparam>
    /// <typeparam name="TVector">The vectors.</typeparam>
    /// <param name="input">As above.</param>
    /// <param name="start">As above.</param>
    /// <param name="stride">As above.</param>
    /// <param name="channels">As above.</param>
    /// <param name="tile">As above.</param>
    /// <param name="tiles">As above.</param>
    /// <param name="target">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Spread<TVectors, TVector>(
        ReadOnlySpan<float> input, int start, int stride, int channels, int tile, int tiles, Span<float> target)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        ref var image = ref MemoryMarshal.GetReference(input);
        ref var values = ref MemoryMarshal.GetReference(target);
        var point = tiles * channels; // the way to the tile's next value
        for (var channel = 0; channel < channels; channel += TVectors.Count)
        {
            var from = start + channel;
            var (a0, b0, c0, d0) = Column(ref image, from);
            var (a1, b1, c1, d1) = Column(ref image, from + channels);
            var (a2, b2, c2, d2) = Column(ref image, from + (2 * channels));
            var (a3, b3, c3, d3) = Column(ref image, from + (3 * channels));
            var to = (tile * channels) + channel;
            Row(ref values, to, a0, a1, a2, a3);
            Row(ref values, to + (Side * point), b0, b1, b2, b3);
            Row(ref values, to + (2 * Side * point), c0, c1, c2, c3);
            Row(ref values, to + (3 * Side * point), d0, d1, d2, d3);
        }

        // A column of Bᵀ·d.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        (TVector First, TVector Second, TVector Third, TVector Fourth) Column(ref float image, int from)
        {
            var (x0, x1) = (TVectors.Load(ref image, from), TVectors.Load(ref image, from + stride));
            var (x2, x3) = (TVectors.Load(ref image, from + (2 * stride)), TVectors.Load(ref image, from + (3 * stride)));
            return (TVectors.Subtract(x0, x2), TVectors.Add(x1, x2), TVectors.Subtract(x2, x1), TVectors.Subtract(x1, x3));
        }

        // The same to the right: a row of (Bᵀ·d)·B.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Row(ref float values, int to, TVector x0, TVector x1, TVector x2, TVector x3)
        {
            TVectors.Store(TVectors.Subtract(x0, x2), ref values, to);
            TVectors.Store(TVectors.Add(x1, x2), ref values, to + point);
            TVectors.Store(TVectors.Subtract(x2, x1), ref values, to + (2 * point));
            TVectors.Store(TVectors.Subtract(x1, x3), ref values, to + (3 * point));
        }
    }

    /// <summary>Reads the results of a tile by vectors of one width.</summary>
    /// <typeparam name="TVectors">Their arithmetic.</typeparam>
    /// <typeparam name="TVector">The vectors.</typeparam>
    /// <param name="products">As above.</param>
    /// <param name="tile">As above.</param>
    /// <param name="tiles">As above.</param>
    /// <param name="bias">As above.</param>
    /// <param name="target">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gather<TVectors, TVector>(
        ReadOnlySpan<float> products, int tile, int tiles, ReadOnlySpan<float> bias, Span<float> target)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        ref var product = ref MemoryMarshal.GetReference(products);
        ref var results = ref MemoryMarshal.GetReference(target);
        ref var start = ref MemoryMarshal.GetReference(bias);
        var (outputs, point) = (bias.Length, tiles * bias.Length);
        for (var column = 0; column < outputs; column += TVectors.Count)
        {
            var (from, shift) = ((tile * outputs) + column, TVectors.Load(ref start, column));
            var (a0, b0) = Column(ref product, from);
            var (a1, b1) = Column(ref product, from + point);
            var (a2, b2) = Column(ref product, from + (2 * point));
            var (a3, b3) = Column(ref product, from + (3 * point));
            TVectors.Store(TVectors.Add(TVectors.Add(TVectors.Add(a0, a1), a2), shift), ref results, column);
            TVectors.Store(TVectors.Add(TVectors.Subtract(TVectors.Subtract(a1, a2), a3), shift), ref results, column + outputs);
            TVectors.Store(TVectors.Add(TVectors.Add(TVectors.Add(b0, b1), b2), shift), ref results, column + (2 * outputs));
            TVectors.Store(TVectors.Add(TVectors.Subtract(TVectors.Subtract(b1, b2), b3), shift), ref results, column + (3 * outputs));
        }

        // A column of Aᵀ·M.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        (TVector Upper, TVector Lower) Column(ref float product, int from)
        {
            var (x0, x1) = (TVectors.Load(ref product, from), TVectors.Load(ref product, from + (Side * point)));
            var (x2, x3) = (TVectors.Load(ref product, from + (2 * Side * point)), TVectors.Load(ref product, from + (3 * Side * point)));
            return (TVectors.Add(TVectors.Add(x0, x1), x2), TVectors.Subtract(TVectors.Subtract(x1, x2), x3));
        }
    }
}
