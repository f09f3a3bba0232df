using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Backends.Managed;

/// <summary>A 3×3 convolution, max-pool and ReLU for one image, pixel by pixel rather than channel by channel.</summary>
internal sealed class ManagedConvolution : IManagedLayer
{
    private const int Neighbours = 4; // pixels that ManagedKernels.Convolve computes at once

    private readonly int _height;
    private readonly int _width;
    private readonly int _pool;
    private readonly int _border;
    private readonly int _inputs;
    private readonly ManagedMatrix _weights;
    private readonly float[] _bias;

    /// <summary>Copies the weights of a layer.</summary>
    /// <param name="layer">The layer; its outputs are whole vectors.</param>
    /// <param name="height">The height of its input, in pixels, 4 or more.</param>
    /// <param name="width">The width of its input, in pixels, 4 or more.</param>
    /// <param name="border">The width of the border of zeros around its output: 1 where another convolution reads it, else 0.</param>
    public ManagedConvolution(BackboneLayer.Convolution layer, int height, int width, int border)
    {
        (_height, _width, _pool, _border) = (height, width, layer.Pool, border);
        Outputs = (int)layer.Weight.Shape[0];
        _inputs = (int)layer.Weight.Shape[1];
        _weights = new ManagedMatrix(layer.Weight, _inputs); // (9·C, outputs), window row by row
        _bias = ManagedMatrix.Padded(layer.Bias.Values);
    }

    /// <summary>Gets the number of output channels.</summary>
    public int Outputs { get; }

    /// <summary>Gets the height of the output without its border.</summary>
    public int Height => _height / _pool;

    /// <summary>Gets the width of the output without its border.</summary>
    public int Width => _width / _pool;

    /// <inheritdoc/>
    public int Length => (Height + (2 * _border)) * (Width + (2 * _border)) * Outputs;

    /// <inheritdoc/>
    public int WorkLength => _pool * _width * Outputs; // the rows whose squares are pooled

    /// <summary>Computes the layer.</summary>
    /// <param name="input">The input with a border of zeros, (H+2, W+2, C).</param>
    /// <param name="work">Working memory.</param>
    /// <param name="output">Where to write, pixel by pixel; the border is left as it is.</param>
    public void Forward(ReadOnlySpan<float> input, Span<float> work, Span<float> output)
    {
        var rowLength = _width * Outputs;
        for (var y = 0; y < Height; y++)
        {
            for (var row = 0; row < _pool; row++)
            {
                ConvolveRow(input, (_pool * y) + row, work.Slice(row * rowLength, rowLength));
            }

            var target = output.Slice((((y + _border) * (Width + (2 * _border))) + _border) * Outputs, Width * Outputs);
            if (_pool == 1)
            {
                TensorPrimitives.Max(work[..rowLength], 0f, target);
            }
            else
            {
                ManagedKernels.Pool(work[..rowLength], work.Slice(rowLength, rowLength), Outputs, target);
            }
        }
    }

    private void ConvolveRow(ReadOnlySpan<float> input, int y, Span<float> row)
    {
        var stride = (_width + 2) * _inputs;
        for (var x = 0; x < _width; x += Neighbours)
        {
            var first = Math.Min(x, _width - Neighbours); // the last four may overlap those before
            var start = (y * stride) + (first * _inputs);
            ManagedKernels.Convolve(input, start, stride, _weights.Span, _bias, row.Slice(first * Outputs, Neighbours * Outputs));
        }
    }
}
