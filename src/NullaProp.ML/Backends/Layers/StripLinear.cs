using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Layers;

/// <summary>
/// A linear layer for several rows at once, which read its matrix together. Each row's sums are taken in the order of the inputs, as
/// <see cref="ManagedLinear"/> takes them for one.
/// </summary>
internal sealed class StripLinear
{
    private readonly StripMatrix _matrix;
    private readonly float[] _bias;

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channels">
    /// The number of channels where its inputs lie channel by channel and are to be read pixel by pixel; else 1.
    /// </param>
    public StripLinear(HostLinear layer, int channels)
    {
        (Inputs, Outputs, _bias) = (layer.Weight.Columns, layer.Weight.Rows, ManagedMatrix.Padded(layer.Bias.Values));
        var padded = new float[_bias.Length * Inputs];
        layer.Weight.Values.CopyTo(padded, 0);
        _matrix = StripMatrix.OfKernels(new HostTensor([_bias.Length, channels, Inputs / channels, 1], padded)); // as wide as the image
    }

    /// <summary>Gets the number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>Gets the number of outputs.</summary>
    public int Outputs { get; }

    /// <summary>Gets the padded number of outputs.</summary>
    public int Width => _bias.Length;

    /// <summary>Applies the layer.</summary>
    /// <param name="x">The rows, (count, stride).</param>
    /// <param name="stride">The way from a row to the next, at least <see cref="Inputs"/>.</param>
    /// <param name="count">The number of rows, at least <see cref="StripKernels.Rows"/>.</param>
    /// <param name="y">Where to write, (count, <see cref="Width"/>).</param>
    public void Forward(ReadOnlySpan<float> x, int stride, int count, Span<float> y)
    {
        var rows = new StripRows(stride, Pieces: 1, Inputs, Jump: 0);
        for (var first = 0; first < Width; first += StripMatrix.Strip) // outermost: a strip stays in the cache for all rows
        {
            var bias = _bias.AsSpan(first, _matrix.WidthAt(first));
            StripKernels.Multiply(x, start: 0, rows, count, _matrix.At(first), bias, least: float.NegativeInfinity, y[first..], Width);
        }
    }
}
