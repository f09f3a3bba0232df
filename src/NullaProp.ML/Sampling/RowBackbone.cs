using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>The image network for one image, in managed memory: two convolutions with ReLU and max-pool, pixel by pixel rather than channel by channel.</summary>
internal sealed class RowBackbone : IRowBackbone
{
    private readonly ImageShape _shape;
    private readonly float[] _mean;
    private readonly float[] _scale;
    private readonly RowConvolution _first;
    private readonly RowConvolution _second;
    private readonly RowMatrix _output;
    private readonly float[] _outputBias;
    private readonly int _features;
    private readonly RowMatrix _share;

    /// <summary>Copies the weights of a model.</summary>
    /// <param name="normalization">The scaling of raw pixels.</param>
    /// <param name="backbone">The network.</param>
    /// <param name="head">Its block's head.</param>
    /// <param name="shape">The size of the images.</param>
    public RowBackbone(PixelNormalization normalization, ConvBackbone backbone, FusionHead head, ImageShape shape)
    {
        _shape = shape;
        _mean = RowMatrix.Vector(normalization.Mean.Host().Values);
        _scale = RowMatrix.Vector([.. normalization.Deviation.Host().Values.Select(deviation => 1 / deviation)]);
        _first = new RowConvolution(backbone.First, shape.Height, shape.Width);
        _second = new RowConvolution(backbone.Second, shape.Height / 2, shape.Width / 2);

        // The last layer reads the maps channel by channel in the model, pixel by pixel here.
        var output = backbone.Output.Host();
        _output = RowMatrix.Transposed(output.Weight, _second.Outputs); // (H/4·W/4·64, hidden)
        _outputBias = RowMatrix.Vector(output.Bias.Values);
        _features = output.Weight.Rows;
        _share = RowMatrix.Transposed(head.HostJoin().ImageColumns()); // (hidden, hidden)
        Lengths = new RowMapLengths(_first.InputLength, _second.InputLength, output.Weight.Columns, Math.Max(_first.RowPairLength, _second.RowPairLength), _output.Width);
    }

    /// <inheritdoc/>
    public RowMapLengths Lengths { get; }

    /// <inheritdoc/>
    public void ImageShare(ReadOnlySpan<float> pixels, RowMemory memory, Span<float> share)
    {
        WriteBordered(pixels, memory.Image);
        _first.Forward(memory.Image, memory.RowPair, memory.FirstMap, border: 1);
        _second.Forward(memory.FirstMap, memory.RowPair, memory.Map, border: 0);
        _outputBias.CopyTo(memory.Features, 0);
        _output.MultiplyAdd(memory.Map, memory.Features);
        share.Clear();
        _share.MultiplyAdd(memory.Features.AsSpan(0, _features), share);
    }

    // Normalised, pixel by pixel, inside the border of zeros that is there from the start.
    private void WriteBordered(ReadOnlySpan<float> pixels, float[] image)
    {
        var plane = _shape.Height * _shape.Width;
        for (var channel = 0; channel < _shape.Channels; channel++)
        {
            var (mean, scale) = (_mean[channel], _scale[channel]);
            for (var y = 0; y < _shape.Height; y++)
            {
                var row = pixels.Slice((channel * plane) + (y * _shape.Width), _shape.Width);
                var target = ((((y + 1) * (_shape.Width + 2)) + 1) * _shape.Channels) + channel;
                for (var x = 0; x < row.Length; x++)
                {
                    image[target + (x * _shape.Channels)] = (row[x] - mean) * scale;
                }
            }
        }
    }
}
