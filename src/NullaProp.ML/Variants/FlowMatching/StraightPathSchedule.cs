using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>The levels of the straight path t·u + (1−t)·z₀: λ(t) = 2·ln(t/(1−t)), without ends. Nothing to train.</summary>
internal sealed class StraightPathSchedule : NoiseSchedule
{
    /// <inheritdoc/>
    public override bool TrainsEnds => false;

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time)
    {
        var rest = ones_like(time) - time; // (B, 1)
        return new((time / rest).log().mul(HeldScalar.Two), ones_like(time).mul(HeldScalar.Two) / (time * rest));
    }

    /// <inheritdoc/>
    /// <remarks>Without bound.</remarks>
    public override Tensor Span(Device device) => tensor(float.PositiveInfinity, dtype: ScalarType.Float32, device: device);

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times) =>
        [.. times.Select(t => new NoiseLevel(t, 2 * Math.Log(t / (1 - t)), 2 / (t * (1 - t))))];

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr) => logSnr.mul(HeldScalar.Half).sigmoid(); // (B, 1)
}
