using System.Runtime.InteropServices;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace NullaProp.ML.Tensors;

/// <summary>
/// A tensor of single precision in managed memory, row-major: what a model is read from a file as, and a single image is scored with.
/// Needs no libtorch.
/// </summary>
/// <param name="shape">The size of each dimension.</param>
/// <param name="values">The values, as many as the shape says; kept, not copied.</param>
internal sealed class HostTensor(long[] shape, float[] values)
{
    /// <summary>Gets the size of each dimension.</summary>
    public long[] Shape => shape;

    /// <summary>Gets the values; they stay as they are.</summary>
    public float[] Values => values;

    /// <summary>Gets the size of the first dimension.</summary>
    public int Rows => (int)shape[0];

    /// <summary>Gets the number of values in a row: those of all dimensions but the first.</summary>
    public int Columns => values.Length / Rows;

    /// <summary>Copies a tensor, from any device and of any floating-point type.</summary>
    /// <param name="tensor">The tensor.</param>
    public static HostTensor Of(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var single = tensor.detach().to(ScalarType.Float32).cpu().contiguous();
        return new(tensor.shape, MemoryMarshal.Cast<byte, float>(single.bytes).ToArray());
    }

    /// <summary>Returns the same values as a new tensor on the CPU.</summary>
    public Tensor ToTensor()
    {
        var tensor = empty(shape, dtype: ScalarType.Float32, device: CPU);
        values.CopyTo(MemoryMarshal.Cast<byte, float>(tensor.bytes));
        return tensor;
    }

    /// <summary>Returns one row.</summary>
    /// <param name="row">Which, from 0.</param>
    public ReadOnlySpan<float> Row(int row) => values.AsSpan(row * Columns, Columns);

    /// <summary>Copies some rows.</summary>
    /// <param name="start">The first.</param>
    /// <param name="count">Their number.</param>
    public HostTensor RowRange(int start, int count) => new(
        [count, .. shape[1..]],
        values.AsSpan(start * Columns, count * Columns).ToArray());

    /// <summary>Copies some columns.</summary>
    /// <param name="start">The first.</param>
    /// <param name="count">Their number.</param>
    public HostTensor ColumnRange(int start, int count)
    {
        var part = new float[Rows * count];
        for (var row = 0; row < Rows; row++)
        {
            Row(row).Slice(start, count).CopyTo(part.AsSpan(row * count));
        }

        return new([Rows, count], part);
    }

    /// <summary>Returns the product of the rows with a vector, in double precision.</summary>
    /// <param name="x">As long as a row, or shorter where it meets only some columns.</param>
    /// <param name="start">The first of these columns.</param>
    public double[] Times(ReadOnlySpan<double> x, int start = 0)
    {
        var product = new double[Rows];
        for (var row = 0; row < Rows; row++)
        {
            product[row] = HostKernels.Dot(Row(row).Slice(start, x.Length), x);
        }

        return product;
    }

    /// <summary>Returns the product of two matrices.</summary>
    /// <param name="right">As many rows as this one has columns.</param>
    public HostTensor Times(HostTensor right)
    {
        var product = new HostTensor([Rows, right.Columns], new float[Rows * right.Columns]);
        for (var row = 0; row < Rows; row++)
        {
            var sum = product.Values.AsSpan(row * right.Columns, right.Columns);
            for (var i = 0; i < Columns; i++)
            {
                TensorPrimitives.MultiplyAdd(right.Row(i), Row(row)[i], sum, sum);
            }
        }

        return product;
    }

    /// <summary>
    /// Returns the product of a matrix with the transpose of another one: each row's inner products with the other's rows.
    /// </summary>
    /// <param name="right">As many columns as this one.</param>
    public HostTensor TimesTransposed(HostTensor right)
    {
        var product = new HostTensor([Rows, right.Rows], new float[Rows * right.Rows]);
        for (var row = 0; row < Rows; row++)
        {
            for (var i = 0; i < right.Rows; i++)
            {
                product.Values[(row * right.Rows) + i] = TensorPrimitives.Dot(Row(row), right.Row(i));
            }
        }

        return product;
    }

    /// <summary>Returns the transpose of a matrix.</summary>
    public HostTensor Transposed()
    {
        var transposed = new HostTensor([Columns, Rows], new float[values.Length]);
        HostKernels.Transpose(values, Rows, channels: 1, Rows, transposed.Values);
        return transposed;
    }

    /// <summary>Returns the values times a number.</summary>
    /// <param name="factor">The number.</param>
    public HostTensor Scaled(double factor) => new(shape, Array.ConvertAll(values, value => (float)(factor * value)));

    /// <summary>Returns the rows, each times a number of its own, in double precision.</summary>
    /// <param name="factors">The numbers.</param>
    public HostTensor WithRowsTimes(double[] factors)
    {
        var product = new float[values.Length];
        for (var row = 0; row < Rows; row++)
        {
            HostKernels.Scale(Row(row), factors[row], product.AsSpan(row * Columns, Columns));
        }

        return new(shape, product);
    }

    /// <summary>Returns the Euclidean norm of a row.</summary>
    /// <param name="row">Which, from 0.</param>
    public double Norm(int row)
    {
        var sum = 0.0;
        foreach (var value in Row(row))
        {
            sum += (double)value * value;
        }

        return Math.Sqrt(sum);
    }

    /// <summary>Returns the rows divided by their norms; a row of zeros stays one.</summary>
    public HostTensor WithRowsOfLengthOne()
    {
        const double least = 1e-12; // torch's
        double[] norms = [.. Enumerable.Range(0, Rows).Select(row => Math.Max(least, Norm(row)))];
        return new(shape, [.. values.Select((value, i) => (float)(value / norms[i / Columns]))]);
    }

    /// <summary>Returns what is left of a vector without its part in the span of the rows, in double precision.</summary>
    /// <param name="vector">As long as a row.</param>
    public double[] OutsideSpan(ReadOnlySpan<float> vector)
    {
        const double least = 1e-6; // of a row's length: what rounding leaves of a row that the others span
        List<double[]> directions = [];
        for (var row = 0; row < Rows && directions.Count < Columns; row++)
        {
            var direction = Without(directions, Row(row));
            var length = TensorPrimitives.Norm<double>(direction);
            if (length > least * Norm(row))
            {
                TensorPrimitives.Divide(direction, length, direction);
                directions.Add(direction);
            }
        }

        return Without(directions, vector);
    }

    /// <summary>Returns whether every value is a finite number.</summary>
    public bool IsFinite() => HostKernels.AreFinite(values);

    // Gram and Schmidt, twice: the second round takes what rounding left in the first.
    private static double[] Without(List<double[]> directions, ReadOnlySpan<float> vector)
    {
        var rest = new double[vector.Length];
        TensorPrimitives.ConvertTruncating<float, double>(vector, rest);
        foreach (var direction in directions.Concat(directions))
        {
            TensorPrimitives.MultiplyAdd(direction, -TensorPrimitives.Dot<double>(direction, rest), rest, rest);
        }

        return rest;
    }
}
