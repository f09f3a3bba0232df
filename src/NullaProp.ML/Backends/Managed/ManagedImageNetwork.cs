using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Backends.Managed;

/// <summary>The image network of a block for one row, with its share of the head's first layer.</summary>
internal interface IImageNetwork
{
    /// <summary>Gets the lengths of the memory that it works in.</summary>
    IReadOnlyList<int> Lengths { get; }

    /// <summary>Writes the image's share of the head's first layer.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="memory">The memory, all zeros at first and used again.</param>
    /// <param name="share">Where to write, H padded to whole vectors.</param>
    void Share(ReadOnlySpan<float> pixels, float[][] memory, Span<float> share);
}

/// <summary>An image network for one row in managed memory, compiled from what the network says of itself.</summary>
internal sealed class ManagedImageNetwork : IImageNetwork
{
    private readonly ImageShape _shape;
    private readonly float[] _mean;
    private readonly float[] _scale; // 1/σ
    private readonly bool _isBordered; // a convolution reads the image: pixel by pixel, inside a border of zeros
    private readonly IManagedLayer[] _layers;
    private readonly int _features;
    private readonly ManagedMatrix _join;

    /// <summary>Copies the weights of a network.</summary>
    /// <param name="normalization">The scaling of raw pixels.</param>
    /// <param name="layers">The network's layers.</param>
    /// <param name="join">The head's first layer as far as it reads the image, (H, H).</param>
    /// <param name="shape">The size of the images.</param>
    public ManagedImageNetwork(PixelNormalization normalization, IReadOnlyList<BackboneLayer> layers, HostTensor join, ImageShape shape)
    {
        _shape = shape;
        _mean = normalization.Mean.Host().Values;
        _scale = [.. normalization.Scale.Host().Values];
        _isBordered = layers[0] is BackboneLayer.Convolution;
        _layers = Compile(layers, shape);
        (_features, _join) = (join.Columns, new ManagedMatrix(join));
        var border = _isBordered ? 2 : 0;
        Lengths =
        [
            (shape.Height + border) * (shape.Width + border) * shape.Channels,
            .. _layers.Select(layer => layer.Length),
            _layers.Max(layer => layer.WorkLength),
        ];
    }

    /// <summary>
    /// Returns whether this backend has all layers of a network. It lacks those of large ones, whose arithmetic counts for more than calls
    /// into libtorch.
    /// </summary>
    /// <param name="layers">The layers.</param>
    public static bool CanCompute(IEnumerable<BackboneLayer> layers) =>
        layers.All(layer => layer is BackboneLayer.Convolution or BackboneLayer.Dense or BackboneLayer.Relu);

    /// <inheritdoc/>
    public IReadOnlyList<int> Lengths { get; } // the image, what each layer writes, working memory

    /// <inheritdoc/>
    public void Share(ReadOnlySpan<float> pixels, float[][] memory, Span<float> share)
    {
        WriteNormalized(pixels, memory[0]);
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Forward(memory[i], memory[^1], memory[i + 1]);
        }

        share.Clear();
        _join.MultiplyAdd(memory[_layers.Length].AsSpan(0, _features), share);
    }

    private static IManagedLayer[] Compile(IReadOnlyList<BackboneLayer> layers, ImageShape shape)
    {
        var compiled = new IManagedLayer[layers.Count];
        var (height, width, channels) = (shape.Height, shape.Width, 1); // channels where values lie pixel by pixel
        for (var i = 0; i < layers.Count; i++)
        {
            var border = i + 1 < layers.Count && layers[i + 1] is BackboneLayer.Convolution ? 1 : 0;
            compiled[i] = layers[i] switch
            {
                BackboneLayer.Convolution layer => new ManagedConvolution(layer, height, width, border),
                BackboneLayer.Dense dense => new ManagedLinear(dense.Layer, channels),
                BackboneLayer.Relu => new ManagedRelu(compiled[i - 1].Length),
                var other => throw new NotSupportedException($"Say here how to compute a {other.GetType().Name}."),
            };
            (height, width, channels) = compiled[i] is ManagedConvolution maps ? (maps.Height, maps.Width, maps.Outputs) : (0, 0, 1);
        }

        return compiled;
    }

    private void WriteNormalized(ReadOnlySpan<float> pixels, float[] image)
    {
        var (border, step) = _isBordered ? (1, _shape.Channels) : (0, 1);
        var plane = _shape.Height * _shape.Width;
        for (var channel = 0; channel < _shape.Channels; channel++)
        {
            var start = _isBordered ? channel : channel * plane;
            for (var y = 0; y < _shape.Height; y++)
            {
                var row = pixels.Slice((channel * plane) + (y * _shape.Width), _shape.Width);
                var first = (((y + border) * (_shape.Width + (2 * border))) + border) * step;
                Normalize(channel, row, image.AsSpan(start + first), step);
            }
        }
    }

    // Neighbouring pixels of a channel, which go so many places behind each other.
    private void Normalize(int channel, ReadOnlySpan<float> pixels, Span<float> target, int step)
    {
        var (mean, scale) = (_mean[channel], _scale[channel]);
        for (var x = 0; x < pixels.Length; x++)
        {
            target[x * step] = (pixels[x] - mean) * scale;
        }
    }
}
