using NullaProp.ML.Networks;

namespace NullaProp.ML.Backends.Layers;

/// <summary>Layers of an image network for one row, one behind the other, from the pixels on.</summary>
internal sealed class ManagedLayers
{
    private readonly ImageShape _shape;
    private readonly (float[] Mean, float[] Scale) _scaling; // 1/σ
    private readonly bool _isBordered; // a convolution reads the image: pixel by pixel, inside a border of zeros
    private readonly IManagedLayer[] _layers;

    /// <summary>Copies the weights of layers.</summary>
    /// <param name="layers">The layers, at least one.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="scaling">What each channel's pixels are reduced by and multiplied with.</param>
    public ManagedLayers(IReadOnlyList<BackboneLayer> layers, ImageShape shape, (float[] Mean, float[] Scale) scaling)
    {
        (_shape, _scaling, _isBordered) = (shape, scaling, layers[0] is BackboneLayer.Convolution);
        _layers = Compile(layers, shape);
        var border = _isBordered ? 2 : 0;
        Lengths =
        [
            (shape.Height + border) * (shape.Width + border) * shape.Channels,
            .. _layers.Select(layer => layer.Length),
            _layers.Max(layer => layer.WorkLength),
        ];
    }

    /// <summary>Gets the lengths of the memory that they work in: the image, what each layer writes, working memory.</summary>
    public IReadOnlyList<int> Lengths { get; }

    /// <summary>Gets the length of what the last layer writes.</summary>
    public int Length => _layers[^1].Length;

    /// <summary>
    /// Returns whether all layers of a network can be computed so. There are none for those of large networks, whose arithmetic counts for
    /// more than calls into libtorch.
    /// </summary>
    /// <param name="layers">The layers.</param>
    public static bool CanCompute(IEnumerable<BackboneLayer> layers) =>
        layers.All(layer => layer is BackboneLayer.Convolution or BackboneLayer.Dense or BackboneLayer.Relu);

    /// <summary>Computes the layers.</summary>
    /// <param name="pixels">The pixels, C·H·W, channel by channel.</param>
    /// <param name="memory">The memory, all zeros at first and used again.</param>
    /// <returns>What the last layer wrote, in that memory; a convolution's pixel by pixel.</returns>
    public Span<float> Forward(ReadOnlySpan<float> pixels, float[][] memory)
    {
        WriteScaled(pixels, memory[0]);
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i].Forward(memory[i], memory[^1], memory[i + 1]);
        }

        return memory[_layers.Length];
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
                BackboneLayer.Convolution layer => ManagedConvolution.Of(layer, height, width, border),
                BackboneLayer.Dense dense => new ManagedLinear(dense.Layer, channels),
                BackboneLayer.Relu => new ManagedRelu(compiled[i - 1].Length),
                var other => throw new NotSupportedException($"Say here how to compute a {other.GetType().Name}."),
            };
            (height, width, channels) = compiled[i] is ManagedConvolution maps ? (maps.Height, maps.Width, maps.Outputs) : (0, 0, 1);
        }

        return compiled;
    }

    private void WriteScaled(ReadOnlySpan<float> pixels, float[] image)
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
                Scale(channel, row, image.AsSpan(start + first), step);
            }
        }
    }

    // Neighbouring pixels of a channel, which go so many places behind each other.
    private void Scale(int channel, ReadOnlySpan<float> pixels, Span<float> target, int step)
    {
        var (mean, scale) = (_scaling.Mean[channel], _scaling.Scale[channel]);
        for (var x = 0; x < pixels.Length; x++)
        {
            target[x * step] = (pixels[x] - mean) * scale;
        }
    }
}
