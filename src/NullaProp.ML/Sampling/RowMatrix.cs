using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>A matrix in managed memory, (inputs, outputs), its outputs padded with zeros to whole vectors.</summary>
internal sealed class RowMatrix
{
    private readonly float[] _values;

    /// <summary>Copies a matrix.</summary>
    /// <param name="matrix">(inputs, outputs), on any device.</param>
    public RowMatrix(Tensor matrix)
    {
        var outputs = (int)matrix.shape[1];
        Width = RowKernels.Padded(outputs);
        _values = new float[matrix.shape[0] * Width];
        var source = Values(matrix);
        for (var row = 0; row < matrix.shape[0]; row++)
        {
            source.AsSpan(row * outputs, outputs).CopyTo(_values.AsSpan(row * Width));
        }
    }

    /// <summary>Gets the padded number of outputs.</summary>
    public int Width { get; }

    /// <summary>Gets the values, row by row.</summary>
    public ReadOnlySpan<float> Span => _values;

    /// <summary>Adds x·M to y.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="y">The outputs, <see cref="Width"/> of them.</param>
    public void MultiplyAdd(ReadOnlySpan<float> x, Span<float> y) => RowKernels.MultiplyAdd(x, _values, y);

    /// <summary>Copies a vector, padded with zeros to whole vectors.</summary>
    /// <param name="vector">The vector, of any shape, on any device.</param>
    public static float[] Vector(Tensor vector)
    {
        var source = Values(vector);
        var padded = new float[RowKernels.Padded(source.Length)];
        source.CopyTo(padded, 0);
        return padded;
    }

    private static float[] Values(Tensor values)
    {
        using var scope = NewDisposeScope();
        return MemoryMarshal.Cast<byte, float>(values.detach().to(ScalarType.Float32).cpu().contiguous().bytes).ToArray();
    }
}
