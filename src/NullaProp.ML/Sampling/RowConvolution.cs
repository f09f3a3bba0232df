using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>A 3×3 convolution, 2×2 max-pool and ReLU for one image, pixel by pixel.</summary>
internal sealed class RowConvolution
{
    private const int Neighbours = 4; // pixels that RowKernels.Convolve computes at once

    private readonly int _height;
    private readonly int _width;
    private readonly int _inputs;
    private readonly RowMatrix _weights;
    private readonly float[] _bias;

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer; its outputs are whole vectors.</param>
    /// <param name="height">The height of its input, in pixels, 4 or more.</param>
    /// <param name="width">The width of its input, in pixels, 4 or more.</param>
    public RowConvolution(Convolution layer, int height, int width)
    {
        (_height, _width) = (height, width);
        Outputs = (int)layer.Weight.Shape[0];
        _inputs = (int)layer.Weight.Shape[1];
        _weights = RowMatrix.Transposed(layer.Weight.Host(), _inputs); // (9·C, outputs), window row by row
        _bias = RowMatrix.Vector(layer.Bias.Host().Values);
    }

    /// <summary>Gets the number of output channels.</summary>
    public int Outputs { get; }

    /// <summary>Gets the length of the input with its border.</summary>
    public int InputLength => (_height + 2) * (_width + 2) * _inputs;

    /// <summary>Gets the length of two rows of results before the max-pool.</summary>
    public int RowPairLength => 2 * _width * Outputs;

    /// <summary>Computes the layer.</summary>
    /// <param name="input">The input with a border of zeros, (H+2, W+2, C).</param>
    /// <param name="rowPair">Working memory of <see cref="RowPairLength"/>.</param>
    /// <param name="output">Where to write, (H/2 + 2·border, W/2 + 2·border, outputs); the border is left as it is.</param>
    /// <param name="border">The width of the border around the output.</param>
    public void Forward(ReadOnlySpan<float> input, Span<float> rowPair, Span<float> output, int border)
    {
        var rowLength = _width * Outputs;
        for (var y = 0; y < _height / 2; y++)
        {
            ConvolveRow(input, 2 * y, rowPair[..rowLength]);
            ConvolveRow(input, (2 * y) + 1, rowPair.Slice(rowLength, rowLength));
            var target = (((y + border) * ((_width / 2) + (2 * border))) + border) * Outputs;
            RowKernels.Pool(rowPair[..rowLength], rowPair.Slice(rowLength, rowLength), Outputs, output.Slice(target, _width / 2 * Outputs));
        }
    }

    private void ConvolveRow(ReadOnlySpan<float> input, int y, Span<float> row)
    {
        var stride = (_width + 2) * _inputs;
        for (var x = 0; x < _width; x += Neighbours)
        {
            var first = Math.Min(x, _width - Neighbours); // the last four may overlap those before
            RowKernels.Convolve(input, (y * stride) + (first * _inputs), stride, _weights.Span, _bias, row.Slice(first * Outputs, Neighbours * Outputs));
        }
    }
}
