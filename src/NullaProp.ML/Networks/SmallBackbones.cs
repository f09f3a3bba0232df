using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The JAX reference's image network: two 3×3 convolutions (32 and 64 channels), each followed by ReLU and a 2×2 max-pool, then a linear
/// layer.
/// </summary>
internal sealed class ConvBackbone : Backbone
{
    private const int FirstChannels = 32;
    private const int SecondChannels = 64;

    private readonly Convolution _first;
    private readonly Convolution _second;

    /// <summary>Creates the network.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="shape">The size of the images, at least 8×8.</param>
    /// <param name="features">The number of features.</param>
    public ConvBackbone(WeightScope weights, ImageShape shape, long features)
    {
        _first = new Convolution(weights.Under("conv1"), shape.Channels, FirstChannels);
        _second = new Convolution(weights.Under("conv2"), FirstChannels, SecondChannels);
        Output = new Linear(weights.Under("output"), (long)SecondChannels * (shape.Height / 4) * (shape.Width / 4), features);
    }

    /// <inheritdoc/>
    public override Linear Output { get; }

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training)
    {
        var x = Convolution.Pooled(_first.Forward(images)); // (B, 32, H/2, W/2)
        x = Convolution.Pooled(_second.Forward(x)); // (B, 64, H/4, W/4)
        return x.flatten(1); // (B, 64·H/4·W/4)
    }

    /// <inheritdoc/>
    public override IReadOnlyList<BackboneLayer> Layers() =>
        [_first.Layer(pool: 2), _second.Layer(pool: 2), new BackboneLayer.Dense(Output.Host())];
}

/// <summary>
/// A network for values that are no image: two hidden layers of H with ReLU, then a linear layer. Reads all values of a row as one vector.
/// </summary>
/// <param name="weights">The network's scope.</param>
/// <param name="shape">The size of the input; only the number of values matters.</param>
/// <param name="features">H, the number of features and the width of the hidden layers.</param>
internal sealed class MlpBackbone(WeightScope weights, ImageShape shape, long features) : Backbone
{
    private readonly Linear _first = new(weights.Under("first"), shape.Size, features);
    private readonly Linear _second = new(weights.Under("second"), features, features);

    /// <inheritdoc/>
    public override Linear Output { get; } = new(weights.Under("output"), features, features);

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training)
    {
        var x = _first.Forward(images.flatten(1)).relu_(); // (B, H)
        return _second.Forward(x).relu_(); // (B, H)
    }

    /// <inheritdoc/>
    public override IReadOnlyList<BackboneLayer> Layers() =>
    [
        new BackboneLayer.Dense(_first.Host()),
        new BackboneLayer.Relu(),
        new BackboneLayer.Dense(_second.Host()),
        new BackboneLayer.Relu(),
        new BackboneLayer.Dense(Output.Host()),
    ];
}
