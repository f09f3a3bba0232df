using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NullaProp.ML.Backends.Managed;

/// <summary>
/// The loops that scoring one image spends its time in. Matrices are (inputs, outputs), their outputs padded with zeros to whole vectors,
/// so that no loop has a remainder; a vector is 16 floats, which the compiler splits where the processor has narrower ones. They are
/// compiled optimised from the first call on, for many a process predicts but once.
/// </summary>
internal static class ManagedKernels
{
    /// <summary>The number of floats in a vector.</summary>
    public const int Lanes = 16;

    private const int Pixels = 4; // neighbouring pixels that share the load of a weight

    /// <summary>Returns a width rounded up to whole vectors.</summary>
    /// <param name="width">The width.</param>
    public static int Padded(int width) => (width + Lanes - 1) / Lanes * Lanes;

    /// <summary>Adds x·M to y.</summary>
    /// <param name="x">n inputs.</param>
    /// <param name="matrix">M, n × y's length.</param>
    /// <param name="y">The outputs, whole vectors.</param>
    public static void MultiplyAdd(ReadOnlySpan<float> x, ReadOnlySpan<float> matrix, Span<float> y)
    {
        CheckSize(matrix, x.Length, y.Length);
        var column = 0;
        for (; column + (4 * Lanes) <= y.Length; column += 4 * Lanes)
        {
            MultiplyAddFour(x, ref MemoryMarshal.GetReference(matrix), y, column);
        }

        for (; column < y.Length; column += Lanes)
        {
            MultiplyAddOne(x, ref MemoryMarshal.GetReference(matrix), y, column);
        }
    }

    /// <summary>Computes a 3×3 convolution at four neighbouring pixels of a row.</summary>
    /// <param name="input">The image with a border of zeros, pixel by pixel: (H+2, W+2, C).</param>
    /// <param name="start">Where in it the upper left corner of the first pixel's window lies.</param>
    /// <param name="stride">The length of one of its rows, (W+2)·C.</param>
    /// <param name="weights">(9·C, outputs), window row by row.</param>
    /// <param name="bias">The outputs' biases, whole vectors.</param>
    /// <param name="output">Where to write, 4 × outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Convolve(
        ReadOnlySpan<float> input, int start, int stride, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, Span<float> output)
    {
        var outputs = bias.Length;
        var segment = weights.Length / outputs / 3; // 3·C: a window's row lies in one piece
        CheckSize(weights, 3 * segment, outputs);
        CheckSize(output, Pixels, outputs);
        _ = input[start + (2 * stride) + segment + ((Pixels - 1) * segment / 3) - 1]; // the last value read
        ref var image = ref MemoryMarshal.GetReference(input);
        ref var kernel = ref MemoryMarshal.GetReference(weights);
        for (var column = 0; column < outputs; column += Lanes)
        {
            var first = Vector512.Create(bias.Slice(column, Lanes));
            var (second, third, fourth) = (first, first, first);
            for (var row = 0; row < 3; row++)
            {
                var window = start + (row * stride);
                var weight = (row * segment * outputs) + column;
                for (var i = 0; i < segment; i++)
                {
                    var factor = Vector512.LoadUnsafe(ref kernel, (nuint)(weight + (i * outputs)));
                    first = Vector512.FusedMultiplyAdd(At(ref image, window + i), factor, first);
                    second = Vector512.FusedMultiplyAdd(At(ref image, window + i + (segment / 3)), factor, second);
                    third = Vector512.FusedMultiplyAdd(At(ref image, window + i + (segment / 3 * 2)), factor, third);
                    fourth = Vector512.FusedMultiplyAdd(At(ref image, window + i + segment), factor, fourth);
                }
            }

            first.CopyTo(output[column..]);
            second.CopyTo(output[(column + outputs)..]);
            third.CopyTo(output[(column + (2 * outputs))..]);
            fourth.CopyTo(output[(column + (3 * outputs))..]);
        }
    }

    /// <summary>Takes the largest of each 2×2 pixels of two rows, and 0 where that is negative: max-pool and ReLU.</summary>
    /// <param name="upper">The upper row, pixel by pixel: (W, outputs).</param>
    /// <param name="lower">The lower row.</param>
    /// <param name="outputs">The number of channels, whole vectors.</param>
    /// <param name="output">Where to write, (⌊W/2⌋, outputs).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pool(ReadOnlySpan<float> upper, ReadOnlySpan<float> lower, int outputs, Span<float> output)
    {
        CheckSize(upper, 2 * (output.Length / outputs), outputs);
        CheckSize(lower, 2 * (output.Length / outputs), outputs);
        ref var above = ref MemoryMarshal.GetReference(upper);
        ref var below = ref MemoryMarshal.GetReference(lower);
        for (var pixel = 0; pixel < output.Length / outputs; pixel++)
        {
            for (var column = 0; column < outputs; column += Lanes)
            {
                var (left, right) = ((nuint)((2 * pixel * outputs) + column), (nuint)((((2 * pixel) + 1) * outputs) + column));
                var top = Vector512.Max(Vector512.LoadUnsafe(ref above, left), Vector512.LoadUnsafe(ref above, right));
                var bottom = Vector512.Max(Vector512.LoadUnsafe(ref below, left), Vector512.LoadUnsafe(ref below, right));
                Vector512.Max(Vector512.Max(top, bottom), Vector512<float>.Zero).CopyTo(output[((pixel * outputs) + column)..]);
            }
        }
    }

    private static Vector512<float> At(ref float values, int place) => Vector512.Create(Unsafe.Add(ref values, place));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyAddFour(ReadOnlySpan<float> x, ref float matrix, Span<float> y, int column)
    {
        var first = Vector512.Create((ReadOnlySpan<float>)y.Slice(column, Lanes));
        var second = Vector512.Create((ReadOnlySpan<float>)y.Slice(column + Lanes, Lanes));
        var third = Vector512.Create((ReadOnlySpan<float>)y.Slice(column + (2 * Lanes), Lanes));
        var fourth = Vector512.Create((ReadOnlySpan<float>)y.Slice(column + (3 * Lanes), Lanes));
        var place = (nuint)column;
        foreach (var value in x)
        {
            var factor = Vector512.Create(value);
            first = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref matrix, place), first);
            second = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref matrix, place + Lanes), second);
            third = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref matrix, place + (2 * Lanes)), third);
            fourth = Vector512.FusedMultiplyAdd(factor, Vector512.LoadUnsafe(ref matrix, place + (3 * Lanes)), fourth);
            place += (nuint)y.Length;
        }

        first.CopyTo(y[column..]);
        second.CopyTo(y[(column + Lanes)..]);
        third.CopyTo(y[(column + (2 * Lanes))..]);
        fourth.CopyTo(y[(column + (3 * Lanes))..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyAddOne(ReadOnlySpan<float> x, ref float matrix, Span<float> y, int column)
    {
        var sum = Vector512.Create((ReadOnlySpan<float>)y.Slice(column, Lanes));
        var place = (nuint)column;
        foreach (var value in x)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Create(value), Vector512.LoadUnsafe(ref matrix, place), sum);
            place += (nuint)y.Length;
        }

        sum.CopyTo(y[column..]);
    }

    // Guards the unchecked reads.
    private static void CheckSize(ReadOnlySpan<float> values, int rows, int columns)
    {
        if (columns % Lanes != 0 || values.Length < (long)rows * columns)
        {
            throw new ArgumentException(
                $"{rows} × {columns} values in whole vectors of {Lanes} are needed, but there are {values.Length}.", nameof(values));
        }
    }
}
