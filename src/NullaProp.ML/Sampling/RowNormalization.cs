using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>The scaling of raw pixels for one image, in managed memory.</summary>
/// <param name="normalization">The model's.</param>
internal sealed class RowNormalization(PixelNormalization normalization)
{
    private readonly float[] _mean = [.. normalization.Mean.Host().Values];
    private readonly float[] _scale = [.. normalization.Scale.Host().Values];

    /// <summary>Scales pixels of a channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="pixels">Neighbouring pixels.</param>
    /// <param name="target">Where the first goes.</param>
    /// <param name="step">How far behind each other they go: 1 channel by channel, C pixel by pixel.</param>
    public void Apply(int channel, ReadOnlySpan<float> pixels, Span<float> target, int step)
    {
        var (mean, scale) = (_mean[channel], _scale[channel]);
        for (var x = 0; x < pixels.Length; x++)
        {
            target[x * step] = (pixels[x] - mean) * scale;
        }
    }
}
