using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Layer normalisation over the last dimension, with scale and shift.</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="width">The width of the last dimension.</param>
internal sealed class LayerNorm(WeightScope weights, long width)
{
    /// <summary>Gets the scale, (width).</summary>
    public Weight Weight { get; } = weights.Undecayed("weight", Initializers.Constant(1), width);

    /// <summary>Gets the shift, (width).</summary>
    public Weight Bias { get; } = weights.Undecayed("bias", Initializers.Constant(0), width);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, width).</param>
    public Tensor Forward(Tensor x) => nn.functional.layer_norm(x, [width], Weight.Value, Bias.Value); // (B, width)
}
