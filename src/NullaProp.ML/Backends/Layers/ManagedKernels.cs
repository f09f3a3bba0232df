using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// The loops that scoring one image spends its time in. Matrices are (inputs, outputs), their outputs padded with zeros to whole groups of
/// 16, so that no loop has a remainder whatever the processor's vectors. Each sum is taken in the order of the inputs, so that the bits do
/// not depend on their width. The loops are compiled optimised from the first call on, for many a process predicts but once.
/// </summary>
internal static class ManagedKernels
{
    /// <summary>The number of floats that widths are rounded up to: those of the widest vector.</summary>
    public const int Lanes = 16;

    private const int Pixels = 4; // neighbouring pixels that share the load of a weight

    /// <summary>Returns a width rounded up to whole vectors.</summary>
    /// <param name="width">The width.</param>
    public static int Padded(int width) => (width + Lanes - 1) / Lanes * Lanes;

    /// <summary>Adds x·M to y. What is 0 in x, as half of what a ReLU gives, costs nothing.</summary>
    /// <param name="x">n inputs.</param>
    /// <param name="matrix">M, n × y's length, of finite numbers.</param>
    /// <param name="y">The outputs, whole vectors.</param>
    public static void MultiplyAdd(ReadOnlySpan<float> x, ReadOnlySpan<float> matrix, Span<float> y)
    {
        CheckSize(matrix, x.Length, y.Length);
        if (Vector512.IsHardwareAccelerated)
        {
            MultiplyAdd<Vectors512, Vector512<float>>(x, matrix, y);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            MultiplyAdd<Vectors256, Vector256<float>>(x, matrix, y);
        }
        else
        {
            MultiplyAdd<Vectors128, Vector128<float>>(x, matrix, y);
        }
    }

    /// <summary>
    /// Computes a 3×3 convolution at neighbouring pixels of a row, four at a time; the last four may overlap those before.
    /// </summary>
    /// <param name="input">The image with a border of zeros, pixel by pixel: (H+2, W+2, C).</param>
    /// <param name="start">Where in it the upper left corner of the first pixel's window lies.</param>
    /// <param name="stride">The length of one of its rows, (W+2)·C.</param>
    /// <param name="weights">(9·C, outputs), window row by row.</param>
    /// <param name="bias">The outputs' biases, whole vectors.</param>
    /// <param name="output">Where to write, pixels × outputs, 4 pixels or more.</param>
    public static void Convolve(
        ReadOnlySpan<float> input, int start, int stride, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, Span<float> output)
    {
        var segment = weights.Length / bias.Length / 3; // 3·C: a window's row lies in one piece
        CheckSize(weights, 3 * segment, bias.Length);
        CheckSize(output, Pixels, bias.Length);
        var last = (output.Length / bias.Length) - 1;
        _ = input[start + (2 * stride) + segment + (last * segment / 3) - 1]; // the last value read
        var window = new Window(start, stride, segment);
        if (Vector512.IsHardwareAccelerated)
        {
            Convolve<Vectors512, Vector512<float>>(input, window, weights, bias, output);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Convolve<Vectors256, Vector256<float>>(input, window, weights, bias, output);
        }
        else
        {
            Convolve<Vectors128, Vector128<float>>(input, window, weights, bias, output);
        }
    }

    /// <summary>Takes the largest of each 2×2 pixels of two rows, and 0 where that is negative: max-pool and ReLU.</summary>
    /// <param name="upper">The upper row, pixel by pixel: (W, outputs).</param>
    /// <param name="lower">The lower row.</param>
    /// <param name="outputs">The number of channels, whole vectors.</param>
    /// <param name="output">Where to write, (⌊W/2⌋, outputs).</param>
    public static void Pool(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, int outputs, Span<float> output)
    {
        CheckSize(upper, 2 * (output.Length / outputs), outputs);
        CheckSize(lower, 2 * (output.Length / outputs), outputs);
        if (Vector512.IsHardwareAccelerated)
        {
            Pool<Vectors512, Vector512<float>>(upper, lower, outputs, output);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Pool<Vectors256, Vector256<float>>(upper, lower, outputs, output);
        }
        else
        {
            Pool<Vectors128, Vector128<float>>(upper, lower, outputs, output);
        }
    }

    /// <summary>Adds x·M to y by vectors of one width.</summary>
    /// <typeparam name="TVectors">Their arithmetic.</typeparam>
    /// <typeparam name="TVector">A vector.</typeparam>
    /// <param name="x">As above.</param>
    /// <param name="matrix">As above.</param>
    /// <param name="y">As above.</param>
    /// <remarks>Four rows of the matrix at a time, which are read from one end to the other.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyAdd<TVectors, TVector>(ReadOnlySpan<float> x, ReadOnlySpan<float> matrix, Span<float> y)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        ref var values = ref MemoryMarshal.GetReference(matrix);
        ref var sums = ref MemoryMarshal.GetReference(y);
        Span<int> rows = stackalloc int[4];
        var count = 0;
        for (var i = 0; i < x.Length; i++)
        {
            rows[count] = i;
            count += x[i] != 0 ? 1 : 0;
            if (count == 4)
            {
                count = 0;
                var (first, second) = (TVectors.Of(x[rows[0]]), TVectors.Of(x[rows[1]]));
                var (third, fourth) = (TVectors.Of(x[rows[2]]), TVectors.Of(x[rows[3]]));
                var (a, b, c, d) = (rows[0] * y.Length, rows[1] * y.Length, rows[2] * y.Length, rows[3] * y.Length);
                for (var column = 0; column < y.Length; column += TVectors.Count)
                {
                    var sum = TVectors.Load(ref sums, column);
                    sum = TVectors.MultiplyAdd(first, TVectors.Load(ref values, a + column), sum);
                    sum = TVectors.MultiplyAdd(second, TVectors.Load(ref values, b + column), sum);
                    sum = TVectors.MultiplyAdd(third, TVectors.Load(ref values, c + column), sum);
                    sum = TVectors.MultiplyAdd(fourth, TVectors.Load(ref values, d + column), sum);
                    TVectors.Store(sum, ref sums, column);
                }
            }
        }

        foreach (var row in rows[..count])
        {
            var factor = TVectors.Of(x[row]);
            for (var column = 0; column < y.Length; column += TVectors.Count)
            {
                var sum = TVectors.MultiplyAdd(
                    factor, TVectors.Load(ref values, (row * y.Length) + column), TVectors.Load(ref sums, column));
                TVectors.Store(sum, ref sums, column);
            }
        }
    }

    /// <summary>Computes a 3×3 convolution by vectors of one width.</summary>
    /// <typeparam name="TVectors">Their arithmetic.</typeparam>
    /// <typeparam name="TVector">A vector.</typeparam>
    /// <param name="input">As above.</param>
    /// <param name="window">Where to read.</param>
    /// <param name="weights">As above.</param>
    /// <param name="bias">As above.</param>
    /// <param name="output">As above.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Convolve<TVectors, TVector>(
        ReadOnlySpan<float> input, Window window, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, Span<float> output)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var (pixels, channels) = (output.Length / bias.Length, window.Segment / 3);
        for (var x = 0; x < pixels; x += Pixels)
        {
            var first = Math.Min(x, pixels - Pixels);
            Convolve<TVectors, TVector>(
                ref Unsafe.Add(ref MemoryMarshal.GetReference(input), window.Start + (first * channels)),
                window,
                ref MemoryMarshal.GetReference(weights),
                ref MemoryMarshal.GetReference(bias),
                bias.Length,
                ref Unsafe.Add(ref MemoryMarshal.GetReference(output), first * bias.Length));
        }
    }

    // At four pixels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Convolve<TVectors, TVector>(
        ref float image, Window window, ref float kernel, ref float start, int outputs, ref float target)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        var channels = window.Segment / 3;
        var column = 0;

        // Two vectors at four pixels: eight sums, which need not wait for each other.
        for (; column + (2 * TVectors.Count) <= outputs; column += 2 * TVectors.Count)
        {
            var first = TVectors.Load(ref start, column);
            var (second, third, fourth) = (first, first, first);
            var next = TVectors.Load(ref start, column + TVectors.Count);
            var (nextSecond, nextThird, nextFourth) = (next, next, next);
            for (var row = 0; row < 3; row++)
            {
                var (place, weight) = (row * window.Stride, (row * window.Segment * outputs) + column);
                for (var i = 0; i < window.Segment; i++, place++, weight += outputs)
                {
                    var (factor, nextFactor) = (TVectors.Load(ref kernel, weight), TVectors.Load(ref kernel, weight + TVectors.Count));
                    var pixel = TVectors.Of(Unsafe.Add(ref image, place));
                    first = TVectors.MultiplyAdd(pixel, factor, first);
                    next = TVectors.MultiplyAdd(pixel, nextFactor, next);
                    pixel = TVectors.Of(Unsafe.Add(ref image, place + channels));
                    second = TVectors.MultiplyAdd(pixel, factor, second);
                    nextSecond = TVectors.MultiplyAdd(pixel, nextFactor, nextSecond);
                    pixel = TVectors.Of(Unsafe.Add(ref image, place + (2 * channels)));
                    third = TVectors.MultiplyAdd(pixel, factor, third);
                    nextThird = TVectors.MultiplyAdd(pixel, nextFactor, nextThird);
                    pixel = TVectors.Of(Unsafe.Add(ref image, place + (3 * channels)));
                    fourth = TVectors.MultiplyAdd(pixel, factor, fourth);
                    nextFourth = TVectors.MultiplyAdd(pixel, nextFactor, nextFourth);
                }
            }

            Store(ref target, column, first, second, third, fourth);
            Store(ref target, column + TVectors.Count, next, nextSecond, nextThird, nextFourth);
        }

        for (; column < outputs; column += TVectors.Count)
        {
            var first = TVectors.Load(ref start, column);
            var (second, third, fourth) = (first, first, first);
            for (var row = 0; row < 3; row++)
            {
                var (place, weight) = (row * window.Stride, (row * window.Segment * outputs) + column);
                for (var i = 0; i < window.Segment; i++, place++, weight += outputs)
                {
                    var factor = TVectors.Load(ref kernel, weight);
                    first = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref image, place)), factor, first);
                    second = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref image, place + channels)), factor, second);
                    third = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref image, place + (2 * channels))), factor, third);
                    fourth = TVectors.MultiplyAdd(TVectors.Of(Unsafe.Add(ref image, place + (3 * channels))), factor, fourth);
                }
            }

            Store(ref target, column, first, second, third, fourth);
        }

        void Store(ref float target, int column, TVector first, TVector second, TVector third, TVector fourth)
        {
            TVectors.Store(first, ref target, column);
            TVectors.Store(second, ref target, column + outputs);
            TVectors.Store(third, ref target, column + (2 * outputs));
            TVectors.Store(fourth, ref target, column + (3 * outputs));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pool<TVectors, TVector>(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, int outputs, Span<float> output)
        where TVectors : struct, IVectors<TVector>
        where TVector : struct
    {
        ref var above = ref MemoryMarshal.GetReference(upper);
        ref var below = ref MemoryMarshal.GetReference(lower);
        ref var target = ref MemoryMarshal.GetReference(output);
        for (var pixel = 0; pixel < output.Length / outputs; pixel++)
        {
            for (var column = 0; column < outputs; column += TVectors.Count)
            {
                var (left, right) = ((2 * pixel * outputs) + column, (((2 * pixel) + 1) * outputs) + column);
                var top = TVectors.Max(TVectors.Load(ref above, left), TVectors.Load(ref above, right));
                var bottom = TVectors.Max(TVectors.Load(ref below, left), TVectors.Load(ref below, right));
                var largest = TVectors.Max(TVectors.Max(top, bottom), TVectors.Of(0));
                TVectors.Store(largest, ref target, (pixel * outputs) + column);
            }
        }
    }

    /// <summary>Guards the unchecked reads.</summary>
    /// <param name="values">A matrix.</param>
    /// <param name="rows">Its least number of rows.</param>
    /// <param name="columns">Its columns, whole groups of vectors.</param>
    public static void CheckSize(ReadOnlySpan<float> values, int rows, int columns)
    {
        if (columns % Lanes != 0 || values.Length < (long)rows * columns)
        {
            throw new ArgumentException(
                $"{rows} × {columns} values in whole vectors of {Lanes} are needed, but there are {values.Length}.", nameof(values));
        }
    }

    /// <summary>Where a convolution reads.</summary>
    /// <param name="Start">Where the upper left corner of the first pixel's window lies.</param>
    /// <param name="Stride">The length of a row of the image.</param>
    /// <param name="Segment">The length of a row of the window.</param>
    internal readonly record struct Window(int Start, int Stride, int Segment);
}
