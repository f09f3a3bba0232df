using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>λ(t) = λ₀ + (λ₁−λ₀)·t: nothing to train.</summary>
/// <param name="logSnrAtNoise">λ₀.</param>
/// <param name="logSnrAtLabel">λ₁, above <paramref name="logSnrAtNoise"/>.</param>
internal sealed class LinearNoiseSchedule(double logSnrAtNoise, double logSnrAtLabel) : NoiseSchedule
{
    private readonly double _span = logSnrAtLabel - logSnrAtNoise;
    private readonly Scalar _slope = logSnrAtLabel - logSnrAtNoise;
    private readonly Scalar _offset = logSnrAtNoise;

    /// <inheritdoc/>
    public override bool TrainsEnds => false;

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time) => new(time.mul(_slope).add(_offset, HeldScalar.One), ones_like(time).mul_(_slope));

    /// <inheritdoc/>
    public override Tensor Span(Device device) => tensor((float)_span, device: device);

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times) =>
        [.. times.Select(t => new NoiseLevel(t, logSnrAtNoise + (_span * t), _span))];

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr) => logSnr.sub(_offset).div(_slope).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
}
