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
}
