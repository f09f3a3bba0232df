using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Layer normalisation over the last dimension, with scale and shift.</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="width">The width of the last dimension.</param>
internal sealed class LayerNorm(WeightScope weights, long width)
{
    private readonly Tensor _weight = weights.Undecayed("weight", Initializers.Constant(1), width);
    private readonly Tensor _bias = weights.Undecayed("bias", Initializers.Constant(0), width);

    /// <summary>Gets the scale, (width).</summary>
    public Tensor Weight => _weight;

    /// <summary>Gets the shift, (width).</summary>
    public Tensor Bias => _bias;

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, width).</param>
    public Tensor Forward(Tensor x) => nn.functional.layer_norm(x, [width], _weight, _bias); // (B, width)
}
