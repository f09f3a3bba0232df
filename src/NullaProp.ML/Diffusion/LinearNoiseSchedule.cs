using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>λ(t) = λ₀ + (λ₁−λ₀)·t: nothing to train.</summary>
/// <param name="logSnrAtNoise">λ₀.</param>
/// <param name="logSnrAtLabel">λ₁, above <paramref name="logSnrAtNoise"/>.</param>
internal sealed class LinearNoiseSchedule(double logSnrAtNoise, double logSnrAtLabel) : NoiseSchedule
{
    private readonly double _span = logSnrAtLabel - logSnrAtNoise;

    /// <inheritdoc/>
    public override bool TrainsEnds => false;

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time)
    {
        using Scalar slope = _span;
        using Scalar offset = logSnrAtNoise;
        return new(time.mul(slope).add(offset, HeldScalar.One), ones_like(time).mul_(slope));
    }

    /// <inheritdoc/>
    public override Tensor Span(Device device) => tensor((float)_span, dtype: ScalarType.Float32, device: device);

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times) =>
        [.. times.Select(t => new NoiseLevel(t, logSnrAtNoise + (_span * t), _span))];

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr)
    {
        using Scalar slope = _span;
        using Scalar offset = logSnrAtNoise;
        return logSnr.sub(offset).div(slope).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
    }
}
