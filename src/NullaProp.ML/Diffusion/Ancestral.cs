namespace NullaProp.ML.Diffusion;

/// <summary>
/// The reverse diffusion with its noise, step by step from the posterior: z₁ = a·û + b·z₀ + √c·ε, eq. (3) of the paper. Its mean is that of
/// <see cref="ReverseDrift"/>.
/// </summary>
internal sealed class Ancestral : ReverseDrift
{
    /// <inheritdoc/>
    /// <remarks>√c with c = (1−ᾱ₁)(1−ᾱ₀/ᾱ₁)/(1−ᾱ₀) = (1−ᾱ₁)(1 − SNR₀/SNR₁).</remarks>
    public override double NoiseScale(NoiseLevel from, NoiseLevel to) => to.Noise * Math.Sqrt(DecayResponse.ToStep(Elapsed(from, to)));
}
