using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Layers;

/// <summary>A linear layer for one row.</summary>
internal sealed class ManagedLinear : IManagedLayer
{
    private readonly int _outputs;
    private readonly ManagedMatrix _matrix;
    private readonly float[] _bias;

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channels">
    /// The number of channels where its inputs lie channel by channel and are to be read pixel by pixel; else 1.
    /// </param>
    public ManagedLinear(HostLinear layer, int channels = 1)
    {
        (Inputs, _outputs) = (layer.Weight.Columns, layer.Weight.Rows);
        _matrix = new ManagedMatrix(layer.Weight, channels);
        _bias = ManagedMatrix.Padded(layer.Bias.Values);
    }

    /// <summary>Gets the number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>Gets the padded number of outputs.</summary>
    public int Length => _matrix.Width;

    /// <inheritdoc/>
    public MapShape Output => new(1, 1, Length, Border: 0);

    /// <inheritdoc/>
    public int WorkLength => 0;

    /// <summary>Applies the layer.</summary>
    /// <param name="x">The inputs; more than <see cref="Inputs"/> are not read.</param>
    /// <param name="y">Where to write, <see cref="Length"/> values.</param>
    /// <returns>The outputs without padding.</returns>
    public Span<float> Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        _bias.CopyTo(y);
        _matrix.MultiplyAdd(x[..Inputs], y);
        return y[.._outputs];
    }

    /// <inheritdoc/>
    public void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output, TeamMember member)
    {
        foreach (var _ in member.Share(1))
        {
            Forward(input, output);
        }
    }
}

/// <summary>A layer's matrix in this backend's form: (inputs, outputs), its outputs padded with zeros to whole vectors.</summary>
internal sealed class ManagedMatrix
{
    private readonly float[] _values;

    /// <summary>Copies a layer's matrix.</summary>
    /// <param name="layer">(outputs, inputs); of more dimensions, inputs are those of all but the first.</param>
    /// <param name="channels">
    /// The number of channels where its inputs lie channel by channel and are to be read pixel by pixel; else 1.
    /// </param>
    public ManagedMatrix(HostTensor layer, int channels = 1)
    {
        Width = ManagedKernels.Padded(layer.Rows);
        _values = new float[layer.Columns * Width];
        HostKernels.Transpose(layer.Values, layer.Rows, channels, Width, _values);
    }

    /// <summary>Gets the number of inputs.</summary>
    public int Inputs => _values.Length / Width;

    /// <summary>Gets the padded number of outputs.</summary>
    public int Width { get; }

    /// <summary>Gets the values, row by row.</summary>
    public ReadOnlySpan<float> Span => _values;

    /// <summary>Adds x·M to y.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="y">The outputs, <see cref="Width"/> of them.</param>
    public void MultiplyAdd(ReadOnlySpan<float> x, Span<float> y) => ManagedKernels.MultiplyAdd(x, _values, y);

    /// <summary>Copies a vector, padded with zeros to whole vectors.</summary>
    /// <param name="vector">The vector.</param>
    public static float[] Padded(float[] vector)
    {
        var padded = new float[ManagedKernels.Padded(vector.Length)];
        vector.CopyTo(padded, 0);
        return padded;
    }
}
