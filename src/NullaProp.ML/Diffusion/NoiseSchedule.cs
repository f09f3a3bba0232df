using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>The log signal-to-noise ratio as a function of time, rising monotonically from noise (t = 0) to label (t = 1).</summary>
internal abstract class NoiseSchedule
{
    /// <summary>Gets a value indicating whether the ends λ(0) and λ(1) are trained.</summary>
    public abstract bool TrainsEnds { get; }

    /// <summary>Returns λ and dλ/dt, differentiable in the schedule's weights.</summary>
    /// <param name="time">Times, (B, 1), each 0 to 1.</param>
    public abstract NoiseLevels At(Tensor time);

    /// <summary>Returns the span λ(1) − λ(0), a scalar tensor.</summary>
    /// <param name="device">Where the tensor shall be.</param>
    public abstract Tensor Span(Device device);

    /// <summary>Returns the levels at some times as numbers, for compiling a sampling plan.</summary>
    /// <param name="times">Times, each 0 to 1.</param>
    public abstract IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times);

    /// <summary>Returns the times at which λ has these values: the inverse of <see cref="At"/>.</summary>
    /// <param name="logSnr">Values of λ, (B, 1), each λ(0) to λ(1).</param>
    /// <returns>Times, (B, 1), each 0 to 1.</returns>
    /// <exception cref="NotSupportedException">The schedule is learned and has no inverse in closed form.</exception>
    public abstract Tensor TimeAt(Tensor logSnr);
}

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

/// <summary>
/// The cosine of Nichol and Dhariwal (2021, arXiv 2102.09672, eq. 17), f(v) = cos²(((v + 0.008)/1.008)·π/2), whose share f(1−t)/f(0) of the
/// way from noise to label ᾱ has gone at t: ᾱ(t) = ᾱ(0) + (ᾱ(1) − ᾱ(0))·f(1−t)/f(0). Nothing to train.
/// </summary>
/// <remarks>
/// The bare share runs from 0 to 1, where λ is infinite. Others clip it, which leaves λ flat, and λ′ zero, over a stretch of time; here it
/// is squeezed between the two ends, so that λ rises everywhere and has an inverse. With ω = π/2/1.008 the share is sin²(ωt)/sin²ω, and λ′
/// is 0 at t = 0 alone.
/// </remarks>
internal sealed class CosineNoiseSchedule : NoiseSchedule
{
    private const double Frequency = Math.PI / 2 / 1.008; // ω

    private static readonly double SquaredSine = Math.Pow(Math.Sin(Frequency), 2); // sin²ω

    private readonly double _span; // λ(1) − λ(0)
    private readonly double _low; // ᾱ(0)
    private readonly double _lowNoise; // 1 − ᾱ(1)
    private readonly double _rise; // ᾱ(1) − ᾱ(0)
    private readonly double _rate; // its factor in ᾱ′ = rate·sin(2ωt)

    /// <summary>Creates the schedule between two ends.</summary>
    /// <param name="logSnrAtNoise">λ(0).</param>
    /// <param name="logSnrAtLabel">λ(1), above <paramref name="logSnrAtNoise"/>.</param>
    public CosineNoiseSchedule(double logSnrAtNoise, double logSnrAtLabel)
    {
        var (noise, label) = (new NoiseLevel(0, logSnrAtNoise, 0), new NoiseLevel(1, logSnrAtLabel, 0));
        _span = logSnrAtLabel - logSnrAtNoise;
        _low = noise.AlphaBar;
        _lowNoise = label.NoiseVariance;
        _rise = label.AlphaBar - noise.AlphaBar;
        _rate = _rise * Frequency / SquaredSine;
    }

    /// <inheritdoc/>
    public override bool TrainsEnds => false;

    /// <inheritdoc/>
    public override Tensor Span(Device device) => tensor((float)_span, dtype: ScalarType.Float32, device: device);

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time)
    {
        using Scalar low = _low;
        using Scalar lowNoise = _lowNoise;
        using Scalar rise = _rise;
        using Scalar slope = _rate;

        // Signal and noise each as a sum of positive parts: neither loses digits at either end.
        var angle = time.mul(Held.Omega); // ωt, (B, 1)
        var gone = angle.sin().Squared().div(Held.SquaredSine); // (B, 1)
        // 1 − gone, (B, 1)
        var left = (angle.add(Held.Omega, HeldScalar.One).sin() * angle.neg().add(Held.Omega, HeldScalar.One).sin()).div(Held.SquaredSine);
        var alphaBar = gone.mul(rise).add(low, HeldScalar.One); // (B, 1)
        var noiseVariance = left.mul(rise).add(lowNoise, HeldScalar.One); // (B, 1)
        var rate = time.mul(Held.TwoOmega).sin().mul(slope); // ᾱ′, (B, 1)
        return new NoiseLevels(alphaBar.log() - noiseVariance.log(), rate / (alphaBar * noiseVariance));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times)
    {
        return
        [
            .. times.Select(t =>
            {
                var angle = Frequency * t;
                var alphaBar = _low + (_rise * Math.Pow(Math.Sin(angle), 2) / SquaredSine);
                var noiseVariance = _lowNoise + (_rise * Math.Sin(Frequency + angle) * Math.Sin(Frequency - angle) / SquaredSine);
                return new NoiseLevel(
                    t,
                    Math.Log(alphaBar) - Math.Log(noiseVariance),
                    _rate * Math.Sin(2 * angle) / (alphaBar * noiseVariance));
            }),
        ];
    }

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr)
    {
        using Scalar low = _low;
        using Scalar lowNoise = _lowNoise;
        using Scalar rise = _rise;
        var gone = logSnr.sigmoid().sub(low).div(rise).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
        var left = logSnr.neg().sigmoid().sub(lowNoise).div(rise).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
        var sine = gone.mul(Held.SquaredSine).sqrt(); // sin(ωt), (B, 1)
        var cosine = left.mul(Held.SquaredSine).add(Held.SquaredCosine, HeldScalar.One).sqrt(); // cos(ωt), (B, 1)
        return sine.atan2(cosine).div(Held.Omega).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
    }

    // Apart, for they need libtorch, and a model is loaded and scores a row without it.
    private static class Held
    {
        public static readonly Scalar Omega = Frequency;
        public static readonly Scalar TwoOmega = 2 * Frequency;
        public static readonly Scalar SquaredSine = CosineNoiseSchedule.SquaredSine;
        public static readonly Scalar SquaredCosine = Math.Pow(Math.Cos(Frequency), 2);
    }
}
