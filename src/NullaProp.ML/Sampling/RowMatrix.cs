using System.Runtime.InteropServices;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>A matrix in managed memory, (inputs, outputs), its outputs padded with zeros to whole vectors.</summary>
internal sealed class RowMatrix
{
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly float[] _values;

    private RowMatrix(int inputs, int outputs)
    {
        (_inputs, _outputs, Width) = (inputs, outputs, RowKernels.Padded(outputs));
        _values = new float[inputs * Width];
    }

    /// <summary>Gets the padded number of outputs.</summary>
    public int Width { get; }

    /// <summary>Gets the values, row by row.</summary>
    public ReadOnlySpan<float> Span => _values;

    /// <summary>Copies a matrix.</summary>
    /// <param name="matrix">(inputs, outputs).</param>
    public static RowMatrix Of(HostTensor matrix)
    {
        var copy = new RowMatrix(matrix.Rows, matrix.Columns);
        for (var row = 0; row < matrix.Rows; row++)
        {
            matrix.Row(row).CopyTo(copy.Row(row));
        }

        return copy;
    }

    /// <summary>Copies a layer's matrix.</summary>
    /// <param name="layer">(outputs, inputs); of more dimensions, inputs are those of all but the first.</param>
    /// <param name="channels">The number of channels where its inputs lie channel by channel and are to be read pixel by pixel; else 1.</param>
    public static RowMatrix Transposed(HostTensor layer, int channels = 1)
    {
        var copy = new RowMatrix(layer.Columns, layer.Rows);
        HostKernels.Transpose(layer.Values, layer.Rows, channels, copy.Width, copy._values);
        return copy;
    }

    /// <summary>Returns this matrix times another one.</summary>
    /// <param name="right">Its inputs are this one's outputs.</param>
    public RowMatrix Times(RowMatrix right)
    {
        var product = new RowMatrix(_inputs, right._outputs);
        for (var row = 0; row < _inputs; row++)
        {
            right.MultiplyAdd(Row(row)[.._outputs], product.Row(row));
        }

        return product;
    }

    /// <summary>Adds x·M to y.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="y">The outputs, <see cref="Width"/> of them.</param>
    public void MultiplyAdd(ReadOnlySpan<float> x, Span<float> y) => RowKernels.MultiplyAdd(x, _values, y);

    /// <summary>Returns the matrix as a new tensor, (inputs, outputs).</summary>
    /// <param name="device">Where it shall be.</param>
    public Tensor ToTensor(Device device)
    {
        using var padded = empty(_inputs, Width);
        _values.CopyTo(MemoryMarshal.Cast<byte, float>(padded.bytes));
        using var part = padded.narrow(1, 0, _outputs);
        return part.to(device, copy: true).contiguous();
    }

    /// <summary>Copies a vector, padded with zeros to whole vectors.</summary>
    /// <param name="vector">The vector.</param>
    public static float[] Vector(IReadOnlyList<float> vector)
    {
        var padded = new float[RowKernels.Padded(vector.Count)];
        for (var i = 0; i < vector.Count; i++)
        {
            padded[i] = vector[i];
        }

        return padded;
    }

    private Span<float> Row(int row) => _values.AsSpan(row * Width, Width);
}
