using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

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
