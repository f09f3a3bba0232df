using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>
/// The cosine of Nichol and Dhariwal (2021, arXiv 2102.09672, eq. 17), f(v) = cos²(((v + 0.008)/1.008)·π/2), whose share f(1−t)/f(0) of the way from noise to label ᾱ has
/// gone at t: ᾱ(t) = ᾱ(0) + (ᾱ(1) − ᾱ(0))·f(1−t)/f(0). Nothing to train.
/// </summary>
/// <remarks>
/// The bare share runs from 0 to 1, where λ is infinite. Others clip it, which leaves λ flat, and λ′ zero, over a stretch of time; here it is squeezed between the two ends,
/// so that λ rises everywhere and has an inverse. With ω = π/2/1.008 the share is sin²(ωt)/sin²ω, and λ′ is 0 at t = 0 alone.
/// </remarks>
internal sealed class CosineNoiseSchedule : NoiseSchedule
{
    private const double Frequency = Math.PI / 2 / 1.008; // ω

    private static readonly Scalar Omega = Frequency;
    private static readonly Scalar TwoOmega = 2 * Frequency;
    private static readonly Scalar SquaredSine = Math.Pow(Math.Sin(Frequency), 2); // sin²ω
    private static readonly Scalar SquaredCosine = Math.Pow(Math.Cos(Frequency), 2); // cos²ω

    private readonly double _span; // λ(1) − λ(0)
    private readonly Scalar _low; // ᾱ(0)
    private readonly Scalar _lowNoise; // 1 − ᾱ(1)
    private readonly Scalar _rise; // ᾱ(1) − ᾱ(0)
    private readonly Scalar _rate; // its factor in ᾱ′ = rate·sin(2ωt)

    /// <summary>Creates the schedule between two ends.</summary>
    /// <param name="logSnrAtNoise">λ(0).</param>
    /// <param name="logSnrAtLabel">λ(1), above <paramref name="logSnrAtNoise"/>.</param>
    public CosineNoiseSchedule(double logSnrAtNoise, double logSnrAtLabel)
    {
        var (noise, label) = (new NoiseLevel(0, logSnrAtNoise, 0), new NoiseLevel(1, logSnrAtLabel, 0));
        var rise = label.AlphaBar - noise.AlphaBar;
        _span = logSnrAtLabel - logSnrAtNoise;
        _low = noise.AlphaBar;
        _lowNoise = label.NoiseVariance;
        _rise = rise;
        _rate = rise * Frequency / Math.Pow(Math.Sin(Frequency), 2);
    }

    /// <inheritdoc/>
    public override bool TrainsEnds => false;

    /// <inheritdoc/>
    public override Tensor Span(Device device) => tensor((float)_span, device: device);

    /// <inheritdoc/>
    public override NoiseLevels At(Tensor time)
    {
        // Signal and noise each as a sum of positive parts: neither loses digits at either end.
        var angle = time.mul(Omega); // ωt, (B, 1)
        var gone = angle.sin().Squared().div(SquaredSine); // (B, 1)
        var left = (angle.add(Omega, HeldScalar.One).sin() * angle.neg().add(Omega, HeldScalar.One).sin()).div(SquaredSine); // 1 − gone, (B, 1)
        var alphaBar = gone.mul(_rise).add(_low, HeldScalar.One); // (B, 1)
        var noiseVariance = left.mul(_rise).add(_lowNoise, HeldScalar.One); // (B, 1)
        var rate = time.mul(TwoOmega).sin().mul(_rate); // ᾱ′, (B, 1)
        return new NoiseLevels(alphaBar.log() - noiseVariance.log(), rate / (alphaBar * noiseVariance));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<NoiseLevel> Levels(IReadOnlyList<double> times)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var levels = At(tensor(times.ToArray()).unsqueeze(1)); // (N, 1), double precision
        var (logSnr, rate) = (levels.LogSnr.data<double>().ToArray(), levels.LogSnrRate.data<double>().ToArray());
        return [.. times.Select((t, i) => new NoiseLevel(t, logSnr[i], rate[i]))];
    }

    /// <inheritdoc/>
    public override Tensor TimeAt(Tensor logSnr)
    {
        var gone = logSnr.sigmoid().sub(_low).div(_rise).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
        var left = logSnr.neg().sigmoid().sub(_lowNoise).div(_rise).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
        var sine = gone.mul(SquaredSine).sqrt(); // sin(ωt), (B, 1)
        var cosine = left.mul(SquaredSine).add(SquaredCosine, HeldScalar.One).sqrt(); // cos(ωt), (B, 1)
        return sine.atan2(cosine).div(Omega).clamp_(HeldScalar.Zero, HeldScalar.One); // (B, 1)
    }
}
