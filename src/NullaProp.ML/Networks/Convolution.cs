using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>A 3×3 convolution that keeps height and width (padding 1).</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="inputs">Input channels.</param>
/// <param name="outputs">Output channels.</param>
internal sealed class Convolution(WeightScope weights, long inputs, long outputs)
{
    private const int Side = 3;
    private static readonly long[] Padding = [1, 1];

    private readonly Tensor _weight = weights.Matrix("weight", Initializers.FanIn(inputs * Side * Side), outputs, inputs, Side, Side);
    private readonly Tensor _bias = weights.Undecayed("bias", Initializers.FanIn(inputs * Side * Side), outputs);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, inputs, H, W).</param>
    public Tensor Forward(Tensor x) => nn.functional.conv2d(x, _weight, _bias, padding: Padding); // (B, outputs, H, W)
}
