using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Backends.Layers;

/// <summary>Layers of an image network for one image, from the pixels on, compiled from what the network says of itself.</summary>
internal sealed class ManagedLayers
{
    private const long WorthSharing = 1 << 25; // products: a millisecond or so, of which calling others and waiting take a tenth

    private const int AtOnce = 256; // pixels that are scaled: 1 KB of the stack

    private readonly ImageShape _shape;
    private readonly MapShape _image; // pixel by pixel where a convolution reads it, else as it comes
    private readonly (float[] Mean, float[] Scale) _scaling; // 1/σ
    private readonly ManagedChain _chain;
    private readonly int _threads; // 1 where more of them gain nothing

    /// <summary>Copies the weights of layers.</summary>
    /// <param name="layers">The layers, at least one.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="scaling">
    /// What pixels are reduced by, for each channel or for each place of each; and what each channel's are multiplied with.
    /// </param>
    /// <param name="threads">The most threads that shall compute an image together, where it is worth their while.</param>
    public ManagedLayers(IReadOnlyList<BackboneLayer> layers, ImageShape shape, (float[] Mean, float[] Scale) scaling, int threads)
    {
        (_shape, _scaling) = (shape, scaling);
        _image = layers[0] is BackboneLayer.Dense
            ? new MapShape(1, 1, shape.Size, Border: 0)
            : new MapShape(shape.Height, shape.Width, shape.Channels, LayerCompiler.Border(layers[0]));
        threads = Math.Min(threads, ThreadTeam.Most);
        _chain = new LayerCompiler(threads).Compile(layers, _image, border: 0);
        _threads = _chain.Products < WorthSharing ? 1 : threads;
    }

    /// <summary>Gets the form of what the last layer writes.</summary>
    public MapShape Output => _chain.Output;

    /// <summary>Returns memory to compute in.</summary>
    public ThreadTeam NewTeam() => new(_image.Length, _chain.Output.Length, _chain.WorkLength, _threads);

    /// <summary>Computes the layers.</summary>
    /// <param name="pixels">The pixels, C·H·W, channel by channel.</param>
    /// <param name="team">The memory, from <see cref="NewTeam"/> of these layers or of others that are alike.</param>
    /// <param name="threads">The most threads of the process that may compute images now.</param>
    /// <returns>What the last layer wrote, in that memory; a convolution's pixel by pixel.</returns>
    public Span<float> Forward(ReadOnlySpan<float> pixels, ThreadTeam team, int threads)
    {
        WriteScaled(pixels, team.Image);
        team.Run(_chain, threads);
        return team.Output;
    }

    private void WriteScaled(ReadOnlySpan<float> pixels, float[] image)
    {
        var plane = _shape.Height * _shape.Width;
        var isByPixel = _image.Channels == _shape.Channels;
        for (var channel = 0; channel < _shape.Channels; channel++)
        {
            for (var y = 0; y < _shape.Height; y++)
            {
                var start = (channel * plane) + (y * _shape.Width);
                var target = isByPixel ? image.AsSpan(_image.Place(y, 0) + channel) : image.AsSpan(start);
                Scale(channel, start, pixels.Slice(start, _shape.Width), target, isByPixel ? _shape.Channels : 1);
            }
        }
    }

    // Neighbouring pixels of a channel, which go so many places behind each other. One thread does this while the others wait for it.
    private void Scale(int channel, int start, ReadOnlySpan<float> pixels, Span<float> target, int step)
    {
        Span<float> scaled = stackalloc float[AtOnce];
        for (var first = 0; first < pixels.Length; first += AtOnce)
        {
            var some = pixels[first..Math.Min(first + AtOnce, pixels.Length)];
            Scale(channel, start + first, some, scaled);
            for (var x = 0; x < some.Length; x++)
            {
                target[(first + x) * step] = scaled[x];
            }
        }
    }

    private void Scale(int channel, int start, ReadOnlySpan<float> pixels, Span<float> scaled)
    {
        var (mean, scale) = (_scaling.Mean, _scaling.Scale[channel]);
        if (mean.Length > _shape.Channels) // for each place
        {
            TensorPrimitives.Subtract(pixels, mean.AsSpan(start, pixels.Length), scaled);
        }
        else
        {
            TensorPrimitives.Subtract(pixels, mean[channel], scaled);
        }

        TensorPrimitives.Multiply(scaled[..pixels.Length], scale, scaled);
    }
}

/// <summary>Brings the layers that a network says of itself into the form that computes them for one image.</summary>
/// <param name="threads">The most threads that compute an image together.</param>
internal sealed class LayerCompiler(int threads)
{
    /// <summary>Compiles layers.</summary>
    /// <param name="layers">The layers, at least one.</param>
    /// <param name="input">The form of what the first one reads.</param>
    /// <param name="border">The width of the border around what the last one writes.</param>
    public ManagedChain Compile(IReadOnlyList<BackboneLayer> layers, MapShape input, int border)
    {
        var compiled = new List<IManagedLayer>();
        for (var i = 0; i < layers.Count; i++)
        {
            // ReLU behind a layer of maps is its own affair.
            var isClipped = layers[i] is BackboneLayer.Normed or BackboneLayer.Residual
                && layers.ElementAtOrDefault(i + 1) is BackboneLayer.Relu;
            var next = layers.ElementAtOrDefault(i + (isClipped ? 2 : 1));
            compiled.Add(Compile(layers[i], isClipped, input, next is null ? border : Border(next)));
            input = compiled[^1].Output;
            i += isClipped ? 1 : 0;
        }

        return new ManagedChain(compiled);
    }

    /// <summary>Returns the width of the border of zeros that a layer reads around its input.</summary>
    /// <param name="layer">The layer.</param>
    public static int Border(BackboneLayer layer) => layer switch
    {
        BackboneLayer.Convolution => 1,
        BackboneLayer.Normed normed => normed.Layer.Side / 2,
        BackboneLayer.Residual residual => residual.Path.Concat(residual.Shortcut).Max(Border),
        _ => 0,
    };

    private IManagedLayer Compile(BackboneLayer layer, bool isClipped, MapShape input, int border) => layer switch
    {
        BackboneLayer.Convolution convolution => ManagedConvolution.Of(
            new ScoringConvolution(convolution.Weight, convolution.Bias, Stride: 1, convolution.Pool, IsClipped: true),
            input,
            border,
            threads),
        BackboneLayer.Normed normed => ManagedConvolution.Of(Folded(normed.Layer, isClipped), input, border, threads),
        BackboneLayer.Residual residual => new ManagedResidual(
            Compile(residual.Path, input, border),
            residual.Shortcut is [] ? null : Compile(residual.Shortcut, input, border: 0),
            input,
            isClipped),
        BackboneLayer.MaxPool pool => new ManagedMaxPool(pool, input, border, threads),
        BackboneLayer.ChannelMean => new ManagedChannelMean(input),
        BackboneLayer.Dense dense => new ManagedLinear(dense.Layer, input.Height * input.Width == 1 ? 1 : input.Channels),
        BackboneLayer.Relu => new ManagedRelu(input),
        _ => throw new NotSupportedException($"Say here how to compute a {layer.GetType().Name}."),
    };

    private static ScoringConvolution Folded(NormedConvolution layer, bool isClipped)
    {
        var (weight, bias) = layer.Host();
        return new ScoringConvolution(weight, bias, layer.Stride, Pool: 1, isClipped);
    }
}
