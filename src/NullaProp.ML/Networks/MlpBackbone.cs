using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>A network for values that are no image: two hidden layers of H with ReLU, then a linear layer. Reads all values of a row as one vector.</summary>
/// <param name="weights">The network's scope.</param>
/// <param name="shape">The size of the input; only the number of values matters.</param>
/// <param name="features">H, the number of features and the width of the hidden layers.</param>
internal sealed class MlpBackbone(WeightScope weights, ImageShape shape, long features) : Backbone
{
    /// <summary>Gets the first hidden layer.</summary>
    public Linear First { get; } = new(weights.Under("first"), shape.Size, features);

    /// <summary>Gets the second hidden layer.</summary>
    public Linear Second { get; } = new(weights.Under("second"), features, features);

    /// <inheritdoc/>
    public override Linear Output { get; } = new(weights.Under("output"), features, features);

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training)
    {
        var x = First.Forward(images.flatten(1)).relu_(); // (B, H)
        return Second.Forward(x).relu_(); // (B, H)
    }
}
