using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Random changes of brightness, contrast and saturation, in this order; each image by its own draw. Values are not clipped: the network
/// takes any, and bytes and floats are changed alike.
/// </summary>
/// <param name="options">What is changed, and how much.</param>
internal sealed class ColorJitter(Augmentation options)
{
    // The luma of ITU-R BT.601, as single channels of colour images are made.
    private static readonly float[] Luma = [0.299f, 0.587f, 0.114f];

    private bool IsOff => options is { BrightnessJitter: 0, ContrastJitter: 0, SaturationJitter: 0 };

    /// <summary>Returns images of other colours, or the same tensor where all changes are off.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), bytes or floats; three channels where saturation is changed.</param>
    /// <param name="at">The place in the training; each kind of change draws from a stream of its own.</param>
    /// <returns>Floats, (B, C, H, W).</returns>
    public Tensor Apply(Tensor pixels, TrainingContext at)
    {
        if (IsOff)
        {
            return pixels;
        }

        using var scope = NewDisposeScope();
        var changed = pixels.to(ScalarType.Float32);
        if (options.BrightnessJitter > 0)
        {
            changed *= Factors(pixels, options.BrightnessJitter, at, "brightness");
        }

        if (options.ContrastJitter > 0)
        {
            changed = Stretched(changed, changed.mean([1, 2, 3], keepdim: true), Factors(pixels, options.ContrastJitter, at, "contrast"));
        }

        if (options.SaturationJitter > 0)
        {
            var luma = tensor(Luma, dtype: ScalarType.Float32, device: pixels.device).view(1, 3, 1, 1);
            var grey = (changed * luma).sum(1, keepdim: true); // (B, 1, H, W)
            changed = Stretched(changed, grey, Factors(pixels, options.SaturationJitter, at, "saturation"));
        }

        return changed.MoveToOuterDisposeScope();
    }

    private static Tensor Stretched(Tensor pixels, Tensor middle, Tensor factors) => ((pixels - middle) * factors).Plus(middle);

    // 1 − most to 1 + most, (B, 1, 1, 1).
    private static Tensor Factors(Tensor pixels, double most, TrainingContext at, string name)
    {
        float[] factors = at.Stream(name).Draws(pixels.shape[0], stream => (float)stream.Between(1 - most, 1 + most));
        return tensor(factors, dtype: ScalarType.Float32, device: pixels.device).view(-1, 1, 1, 1);
    }
}
