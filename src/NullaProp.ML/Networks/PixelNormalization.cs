using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Brings raw pixels, on whatever scale they come, to mean 0 and deviation 1 in each channel. Measured once on the training images and
/// stored with the model. What never varied there becomes 0 always: no weight was trained on its differences. That of a pretrained network
/// is the one it was trained with.
/// </summary>
/// <param name="weights">The scope of the two vectors.</param>
/// <param name="shape">The size of what is scaled.</param>
/// <param name="isByPlace">Whether each place of a channel has a mean of its own.</param>
internal sealed class PixelNormalization(WeightScope weights, ImageShape shape, bool isByPlace = false)
{
    /// <summary>What the names of its weights start with, where it scales the pixels of a model.</summary>
    public const string Name = "normalization";

    /// <summary>Gets the mean of each channel, (1, C, 1, 1), or of each place, (1, C, H, W).</summary>
    public Weight Mean { get; } = weights.Fixed(
        "mean", Initializers.Constant(0), 1, shape.Channels, isByPlace ? shape.Height : 1, isByPlace ? shape.Width : 1);

    /// <summary>Gets what each channel is multiplied by, (1, C, 1, 1): 1 over its standard deviation, or 0.</summary>
    public Weight Scale { get; } = weights.Fixed("scale", Initializers.Constant(1), 1, shape.Channels, 1, 1);

    /// <summary>Applies the scaling.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    public Tensor Apply(Tensor pixels) => (pixels - Mean.Value).mul_(Scale.Value); // (B, C, H, W)

    /// <summary>Returns pixels as unsuspicious as can be: each a standard deviation above or below its mean, in turns.</summary>
    /// <returns>(C·H·W).</returns>
    public float[] UsualImage()
    {
        var (mean, scale) = (Mean.Host().Values, Scale.Host().Values);
        var area = shape.Height * shape.Width;
        return [.. Enumerable.Range(0, shape.Size).Select(i =>
        {
            var deviation = scale[i / area] == 0 ? 0 : 1 / scale[i / area]; // 0 where the channel never varied
            return mean[isByPlace ? i : i / area] + (i % 2 == 0 ? deviation : -deviation);
        })];
    }

    /// <summary>Sets the scaling.</summary>
    /// <param name="mean">The mean of each channel.</param>
    /// <param name="scale">What each channel is multiplied by.</param>
    public void Set(double[] mean, double[] scale)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        Mean.Value.copy_(tensor(mean, dtype: ScalarType.Float32, device: CPU).view(Mean.Value.shape));
        Scale.Value.copy_(tensor(scale, dtype: ScalarType.Float32, device: CPU).view(Scale.Value.shape));
    }
}
