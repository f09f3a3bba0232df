using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>A <see cref="Linear"/> layer for one image, in managed memory.</summary>
internal sealed class RowLinear
{
    private readonly RowMatrix _matrix;
    private readonly float[] _bias;

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channels">The number of channels where its inputs lie channel by channel and are to be read pixel by pixel; else 1.</param>
    public RowLinear(Linear layer, int channels = 1)
    {
        var host = layer.Host();
        (Inputs, Outputs) = (host.Weight.Columns, host.Weight.Rows);
        _matrix = RowMatrix.Transposed(host.Weight, channels);
        _bias = RowMatrix.Vector(host.Bias.Values);
    }

    /// <summary>Gets the number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>Gets the number of outputs.</summary>
    public int Outputs { get; }

    /// <summary>Gets the padded number of outputs.</summary>
    public int Width => _matrix.Width;

    /// <summary>Applies the layer.</summary>
    /// <param name="x">The inputs; more than <see cref="Inputs"/> are not read.</param>
    /// <param name="y">Where to write, <see cref="Width"/> values.</param>
    /// <returns>The outputs without padding.</returns>
    public Span<float> Forward(ReadOnlySpan<float> x, Span<float> y)
    {
        _bias.CopyTo(y);
        _matrix.MultiplyAdd(x[..Inputs], y);
        return y[..Outputs];
    }
}
