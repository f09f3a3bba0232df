using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>The image network for one image, in managed memory: two convolutions with ReLU and max-pool, pixel by pixel rather than channel by channel.</summary>
internal sealed class RowConvBackbone : IRowBackbone
{
    private readonly ImageShape _shape;
    private readonly RowNormalization _normalization;
    private readonly RowConvolution _first;
    private readonly RowConvolution _second;
    private readonly RowImageShare _share;

    /// <summary>Copies the weights of a model.</summary>
    /// <param name="normalization">The scaling of raw pixels.</param>
    /// <param name="backbone">The network.</param>
    /// <param name="head">Its block's head.</param>
    /// <param name="shape">The size of the images.</param>
    public RowConvBackbone(PixelNormalization normalization, ConvBackbone backbone, FusionHead head, ImageShape shape)
    {
        _shape = shape;
        _normalization = new RowNormalization(normalization);
        _first = new RowConvolution(backbone.First, shape.Height, shape.Width);
        _second = new RowConvolution(backbone.Second, shape.Height / 2, shape.Width / 2);
        _share = new RowImageShare(backbone.Output, head, _second.Outputs); // reads the maps channel by channel in the model, pixel by pixel here
        Lengths = new RowMapLengths(_first.InputLength, _second.InputLength, _share.Inputs, Math.Max(_first.RowPairLength, _second.RowPairLength), _share.FeatureWidth);
    }

    /// <inheritdoc/>
    public RowMapLengths Lengths { get; }

    /// <inheritdoc/>
    public void ImageShare(ReadOnlySpan<float> pixels, RowMemory memory, Span<float> share)
    {
        WriteBordered(pixels, memory.Image);
        _first.Forward(memory.Image, memory.RowPair, memory.FirstMap, border: 1);
        _second.Forward(memory.FirstMap, memory.RowPair, memory.Map, border: 0);
        _share.Write(memory.Map, memory, share);
    }

    // Normalised, pixel by pixel, inside the border of zeros that is there from the start.
    private void WriteBordered(ReadOnlySpan<float> pixels, float[] image)
    {
        var plane = _shape.Height * _shape.Width;
        for (var channel = 0; channel < _shape.Channels; channel++)
        {
            for (var y = 0; y < _shape.Height; y++)
            {
                var row = pixels.Slice((channel * plane) + (y * _shape.Width), _shape.Width);
                var target = ((((y + 1) * (_shape.Width + 2)) + 1) * _shape.Channels) + channel;
                _normalization.Apply(channel, row, image.AsSpan(target), _shape.Channels);
            }
        }
    }
}
