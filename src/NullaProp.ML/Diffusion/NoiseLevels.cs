using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Diffusion;

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
