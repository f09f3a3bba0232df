using System.Runtime.CompilerServices;

namespace NullaProp.ML.Tensors;

/// <summary>
/// The loops that reading a model spends its time in, compiled optimised from the first call on: most processes read but one.
/// </summary>
internal static class HostKernels
{
    /// <summary>Returns the inner product of two vectors, in double precision.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other, as long.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<float> left, ReadOnlySpan<double> right)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(left.Length, right.Length);
        var (first, second, third, fourth) = (0.0, 0.0, 0.0, 0.0); // four sums, which need not wait for each other
        var i = 0;
        for (; i + 4 <= left.Length; i += 4)
        {
            first += left[i] * right[i];
            second += left[i + 1] * right[i + 1];
            third += left[i + 2] * right[i + 2];
            fourth += left[i + 3] * right[i + 3];
        }

        for (; i < left.Length; i++)
        {
            first += left[i] * right[i];
        }

        return first + second + (third + fourth);
    }

    /// <summary>Multiplies a vector with a number, in double precision.</summary>
    /// <param name="source">The vector.</param>
    /// <param name="factor">The number.</param>
    /// <param name="target">Where to write, as long.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(ReadOnlySpan<float> source, double factor, Span<float> target)
    {
        for (var i = 0; i < source.Length; i++)
        {
            target[i] = (float)(factor * source[i]);
        }
    }

    /// <summary>Returns whether every value is a finite number.</summary>
    /// <param name="values">The values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreFinite(ReadOnlySpan<float> values)
    {
        foreach (var value in values)
        {
            if (!float.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes a matrix column by column, each padded to a width.</summary>
    /// <param name="source">(rows, columns).</param>
    /// <param name="rows">Its rows.</param>
    /// <param name="channels">
    /// 1; or the number of channels where each of its rows holds values channel by channel that shall follow each other pixel by pixel.
    /// </param>
    /// <param name="width">The length of a column in the target, at least the number of rows.</param>
    /// <param name="target">(columns, width); what is beyond the rows is left as it is.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(ReadOnlySpan<float> source, int rows, int channels, int width, Span<float> target)
    {
        const int block = 16; // rows read at once: a cache line of the target
        var columns = source.Length / rows;
        var pixels = columns / channels;
        for (var first = 0; first < rows; first += block)
        {
            var last = Math.Min(first + block, rows);
            for (var column = 0; column < columns; column++)
            {
                var from = (column % channels * pixels) + (column / channels);
                for (var row = first; row < last; row++)
                {
                    target[(column * width) + row] = source[(row * columns) + from];
                }
            }
        }
    }
}
