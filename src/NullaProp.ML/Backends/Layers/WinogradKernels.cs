using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// The three loops of a 3×3 convolution by Winograd's minimal filtering F(2×2, 3×3) (Lavin and Gray, arXiv 1509.09308, section 4.1): four
/// neighbouring results Aᵀ·[U ⊙ (Bᵀ·d·B)]·A from a tile d of 4×4 pixels take 16 products a channel in place of 36. The matrices A and B
/// hold nothing but 0, 1 and −1. As in <see cref="ManagedKernels"/>, every sum has its order, whatever the processor's vectors.
/// </summary>
internal static class WinogradKernels
{
    /// <summary>The number of values of a tile, 4×4.</summary>
    public const int Points = 16;

    /// <summary>The number of tiles is a multiple of this.</summary>
    public const int Group = 4; // tiles that share the load of a weight

    private const int Side = 4;

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

    /// <summary>Multiplies, for each of the 16 values of a tile by itself: M = V·U.</summary>
    /// <param name="tiles">The number of tiles, a multiple of <see cref="Group"/>.</param>
    /// <param name="values">V, (16, tiles, C).</param>
    /// <param name="kernels">U, (16, C, outputs), outputs whole vectors.</param>
    /// <param name="outputs">Their number.</param>
    /// <param name="target">M, (16, tiles, outputs).</param>
    public static void Multiply(int tiles, ReadOnlySpan<float> values, ReadOnlySpan<float> kernels, int outputs, Span<float> target)
    {
        var channels = kernels.Length / Points / outputs;
        ManagedKernels.CheckSize(values, Points * tiles, channels);
        ManagedKernels.CheckSize(kernels, Points * channels, outputs);
        ManagedKernels.CheckSize(target, Points * tiles, outputs);
        ArgumentOutOfRangeException.ThrowIfNotEqual(tiles % Group, 0);
        if (Vector512.IsHardwareAccelerated)
        {
            Multiply<Vectors512, Vector512<float>>(tiles, values, kernels, outputs, target);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Multiply<Vectors256, Vector256<float>>(tiles, values, kernels, outputs, target);
        }
        else
        {
            Multiply<Vectors128, Vector128<float>>(tiles, values, kernels, outputs, target);
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

    /// <summary>Multiplies by vectors of one width.</summary>
    /// <typeparam name="TVectors">Their arithmetic.</typeparam>
    /// <typeparam name="TVector">The vectors.</typeparam>
    /// <param name="tiles">As above.</param>
    /// <param name="values">As above.</param>
    /// <param name="kernels">As above.</param>
    /// <param name="outputs">As above.</param>
    /// <param name="target">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVectors, TVector>(
        int tiles, ReadOnlySpan<float> values, ReadOnlySpan<float> kernels, int outputs, Span<float> target)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var channels = kernels.Length / Points / outputs;
        for (var point = 0; point < Points; point++)
        {
            ref var kernel = ref Unsafe.Add(ref MemoryMarshal.GetReference(kernels), point * channels * outputs);
            for (var tile = 0; tile < tiles; tile += Group)
            {
                ref var value = ref Unsafe.Add(ref MemoryMarshal.GetReference(values), ((point * tiles) + tile) * channels);
                ref var product = ref Unsafe.Add(ref MemoryMarshal.GetReference(target), ((point * tiles) + tile) * outputs);
                var column = 0;
                for (; column + (2 * TVectors.Count) <= outputs; column += 2 * TVectors.Count)
                {
                    FourByTwo<TVectors, TVector>(ref value, ref kernel, channels, outputs, column, ref product);
                }

                for (; column < outputs; column += TVectors.Count)
                {
                    FourByOne<TVectors, TVector>(ref value, ref kernel, channels, outputs, column, ref product);
                }
            }
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

    // Two vectors of outputs at four tiles: eight sums, which need not wait for each other.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByTwo<TVectors, TVector>(
        ref float values, ref float kernel, int channels, int outputs, int column, ref float target)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var zero = TVectors.Of(0);
        var (first, second, third, fourth) = (zero, zero, zero, zero);
        var (nextFirst, nextSecond, nextThird, nextFourth) = (zero, zero, zero, zero);
        var weight = column;
        for (var i = 0; i < channels; i++, weight += outputs)
        {
            var (factor, nextFactor) = (TVectors.Load(ref kernel, weight), TVectors.Load(ref kernel, weight + TVectors.Count));
            var value = TVectors.Of(Unsafe.Add(ref values, i));
            first = TVectors.MultiplyAdd(value, factor, first);
            nextFirst = TVectors.MultiplyAdd(value, nextFactor, nextFirst);
            value = TVectors.Of(Unsafe.Add(ref values, i + channels));
            second = TVectors.MultiplyAdd(value, factor, second);
            nextSecond = TVectors.MultiplyAdd(value, nextFactor, nextSecond);
            value = TVectors.Of(Unsafe.Add(ref values, i + (2 * channels)));
            third = TVectors.MultiplyAdd(value, factor, third);
            nextThird = TVectors.MultiplyAdd(value, nextFactor, nextThird);
            value = TVectors.Of(Unsafe.Add(ref values, i + (3 * channels)));
            fourth = TVectors.MultiplyAdd(value, factor, fourth);
            nextFourth = TVectors.MultiplyAdd(value, nextFactor, nextFourth);
        }

        TVectors.Store(first, ref target, column);
        TVectors.Store(second, ref target, column + outputs);
        TVectors.Store(third, ref target, column + (2 * outputs));
        TVectors.Store(fourth, ref target, column + (3 * outputs));
        column += TVectors.Count;
        TVectors.Store(nextFirst, ref target, column);
        TVectors.Store(nextSecond, ref target, column + outputs);
        TVectors.Store(nextThird, ref target, column + (2 * outputs));
        TVectors.Store(nextFourth, ref target, column + (3 * outputs));
    }

    // What is left where the number of vectors is odd.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FourByOne<TVectors, TVector>(
        ref float values, ref float kernel, int channels, int outputs, int column, ref float target)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var zero = TVectors.Of(0);
        var (first, second, third, fourth) = (zero, zero, zero, zero);
        var weight = column;
        for (var i = 0; i < channels; i++, weight += outputs)
        {
            var factor = TVectors.Load(ref kernel, weight);
            first = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, i)), factor, first);
            second = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, i + channels)), factor, second);
            third = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, i + (2 * channels))), factor, third);
            fourth = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref values, i + (3 * channels))), factor, fourth);
        }

        TVectors.Store(first, ref target, column);
        TVectors.Store(second, ref target, column + outputs);
        TVectors.Store(third, ref target, column + (2 * outputs));
        TVectors.Store(fourth, ref target, column + (3 * outputs));
    }
}
