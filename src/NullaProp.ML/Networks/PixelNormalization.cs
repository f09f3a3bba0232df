using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Brings raw pixels, on whatever scale they come, to mean 0 and deviation 1 in each channel. Measured once on the training images and stored with the model.</summary>
/// <param name="weights">The scope of the two vectors.</param>
/// <param name="channels">C.</param>
internal sealed class PixelNormalization(WeightScope weights, long channels)
{
    /// <summary>A channel that varies less than this counts as one that never changes: single precision could not divide by it.</summary>
    private const double SmallestDeviation = 1e-30;

    /// <summary>Gets the mean of each channel, (1, C, 1, 1).</summary>
    public Weight Mean { get; } = weights.Fixed("mean", Initializers.Constant(0), 1, channels, 1, 1);

    /// <summary>Gets the standard deviation of each channel, (1, C, 1, 1).</summary>
    public Weight Deviation { get; } = weights.Fixed("deviation", Initializers.Constant(1), 1, channels, 1, 1);

    /// <summary>Applies the scaling.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    public Tensor Apply(Tensor pixels) => (pixels - Mean.Value).div_(Deviation.Value); // (B, C, H, W)

    /// <summary>Sets the scaling.</summary>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="deviation">The standard deviation of each channel; a channel that never changes counts as 1.</param>
    public void Set(double[] mean, double[] deviation)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        Mean.Value.copy_(tensor(mean, dtype: ScalarType.Float32).view(Mean.Value.shape));
        Deviation.Value.copy_(tensor([.. deviation.Select(d => d > SmallestDeviation ? d : 1)], dtype: ScalarType.Float32).view(Deviation.Value.shape));
    }
}
