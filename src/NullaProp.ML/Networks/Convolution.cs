using NullaProp.ML.Tensors;
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

    /// <summary>Gets the kernels, (outputs, inputs, 3, 3).</summary>
    public Weight Weight { get; } = weights.Matrix("weight", Initializers.FanIn(inputs * Side * Side), outputs, inputs, Side, Side);

    /// <summary>Gets the biases, (outputs).</summary>
    public Weight Bias { get; } = weights.Undecayed("bias", Initializers.FanIn(inputs * Side * Side), outputs);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, inputs, H, W); the layer computes in its numbers.</param>
    /// <returns>
    /// (B, outputs, H, W), laid out in memory pixel by pixel, in which the max-pool that follows is several times faster.
    /// </returns>
    public Tensor Forward(Tensor x) =>
        nn.functional.conv2d(ChannelsLast(x), ChannelsLast(Weight.RoundedLike(x)), Bias.RoundedLike(x), padding: Padding);

    /// <summary>Returns the layer for scoring, with what follows it.</summary>
    /// <param name="pool">The side of the max-pool's squares: 1 or 2.</param>
    public BackboneLayer Layer(int pool) => new BackboneLayer.Convolution(Weight.Host(), Bias.Host(), pool);

    // The same numbers in another order in memory. With one channel the two orders are one, and only the strides can tell torch which is
    // meant.
    private static Tensor ChannelsLast(Tensor x) => x.shape[1] == 1
        ? x.reshape(x.shape[0], x.shape[2], x.shape[3], 1).permute(0, 3, 1, 2)
        : x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
