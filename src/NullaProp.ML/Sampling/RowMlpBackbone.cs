using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>The network for values that are no image for one row, in managed memory: two hidden layers with ReLU, then a linear one.</summary>
internal sealed class RowMlpBackbone : IRowBackbone
{
    private readonly ImageShape _shape;
    private readonly RowNormalization _normalization;
    private readonly RowLinear _first;
    private readonly RowLinear _second;
    private readonly RowImageShare _share;

    /// <summary>Copies the weights of a model.</summary>
    /// <param name="normalization">The scaling of raw values.</param>
    /// <param name="backbone">The network.</param>
    /// <param name="head">Its block's head.</param>
    /// <param name="shape">The size of the input.</param>
    public RowMlpBackbone(PixelNormalization normalization, MlpBackbone backbone, FusionHead head, ImageShape shape)
    {
        _shape = shape;
        _normalization = new RowNormalization(normalization);
        (_first, _second) = (new RowLinear(backbone.First), new RowLinear(backbone.Second));
        _share = new RowImageShare(backbone.Output, head);
        Lengths = new RowMapLengths(shape.Size, _first.Width, _second.Width, RowPair: 0, _share.FeatureWidth);
    }

    /// <inheritdoc/>
    public RowMapLengths Lengths { get; }

    /// <inheritdoc/>
    public void ImageShare(ReadOnlySpan<float> pixels, RowMemory memory, Span<float> share)
    {
        var plane = _shape.Height * _shape.Width;
        for (var channel = 0; channel < _shape.Channels; channel++)
        {
            _normalization.Apply(channel, pixels.Slice(channel * plane, plane), memory.Image.AsSpan(channel * plane, plane), step: 1);
        }

        var first = _first.Forward(memory.Image, memory.FirstMap);
        TensorPrimitives.Max(first, 0f, first);
        var second = _second.Forward(first, memory.Map);
        TensorPrimitives.Max(second, 0f, second);
        _share.Write(second, memory, share);
    }
}
