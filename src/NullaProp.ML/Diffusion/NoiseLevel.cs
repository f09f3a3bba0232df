using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

/// <summary>
/// How much noise covers the label at one time, with its rate of change. Time runs from 0 (noise) to 1 (label), as in the paper.
/// </summary>
/// <param name="Time">Time t, 0 to 1.</param>
/// <param name="LogSnr">λ = ln(ᾱ/(1−ᾱ)), rising with time.</param>
/// <param name="LogSnrRate">dλ/dt, above 0 (0 at t = 0 where the schedule is a cosine).</param>
internal readonly record struct NoiseLevel(double Time, double LogSnr, double LogSnrRate)
{
    /// <summary>Gets ᾱ, the share of signal variance, above 0 and below 1.</summary>
    public double AlphaBar => Sigmoid(LogSnr);

    /// <summary>Gets 1−ᾱ, computed without cancellation.</summary>
    public double NoiseVariance => Sigmoid(-LogSnr);

    /// <summary>Gets √ᾱ, the factor of the clean embedding in z = √ᾱ·u + √(1−ᾱ)·ε.</summary>
    public double Signal => Math.Sqrt(AlphaBar);

    /// <summary>Gets √(1−ᾱ), the factor of the noise.</summary>
    public double Noise => Math.Sqrt(NoiseVariance);

    /// <summary>Gets ᾱ/(1−ᾱ).</summary>
    public double Snr => Math.Exp(LogSnr);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}

/// <summary>The noise levels of a batch of times, with their rates of change; every tensor is (B, 1).</summary>
/// <param name="LogSnr">λ = ln(ᾱ/(1−ᾱ)).</param>
/// <param name="LogSnrRate">dλ/dt, above 0 (0 at t = 0 where the schedule is a cosine).</param>
internal sealed record NoiseLevels(Tensor LogSnr, Tensor LogSnrRate)
{
    /// <summary>Returns ᾱ = sigmoid(λ).</summary>
    public Tensor AlphaBar() => LogSnr.sigmoid(); // (B, 1)

    /// <summary>Returns 1−ᾱ = sigmoid(−λ), without cancellation.</summary>
    public Tensor NoiseVariance() => LogSnr.neg().sigmoid(); // (B, 1)

    /// <summary>Returns SNR = ᾱ/(1−ᾱ) = exp(λ).</summary>
    public Tensor Snr() => LogSnr.exp(); // (B, 1)

    /// <summary>Returns dSNR/dt = λ′·exp(λ): analytic, so that no derivative of a derivative is ever taken.</summary>
    public Tensor SnrRate() => LogSnrRate * LogSnr.exp(); // (B, 1)

    /// <summary>Returns z = √ᾱ·u + √(1−ᾱ)·ε (paper, section 2.2.2).</summary>
    /// <param name="clean">Class embeddings u, (B, D).</param>
    /// <param name="epsilon">Standard normal noise, (B, D).</param>
    public Tensor AddNoise(Tensor clean, Tensor epsilon) => (AlphaBar().sqrt() * clean).Plus(NoiseVariance().sqrt() * epsilon); // (B, D)
}
