namespace NullaProp.ML.Diffusion;

/// <summary>
/// The probability-flow ODE of z = √ᾱ·u + √(1−ᾱ)·ε: dz/dt = ᾱ′/(2ᾱ(1−ᾱ))·(√ᾱ·û − ᾱ·z), which with ᾱ′ = λ′·ᾱ(1−ᾱ) is ½λ′·(√ᾱ·û − ᾱ·z).
/// </summary>
/// <remarks>The paper does not print it; it follows from differentiating z along fixed u and ε.</remarks>
internal sealed class ProbabilityFlow : Dynamics
{
    /// <inheritdoc/>
    public override Coefficients Rate(NoiseLevel level) =>
        new(-0.5 * level.LogSnrRate * level.AlphaBar, 0.5 * level.LogSnrRate * level.Signal);

    /// <inheritdoc/>
    /// <remarks>z − √ᾱ·û shrinks as √(1−ᾱ): the deterministic step of DDIM (Song et al. 2021, arXiv 2010.02502, eq. 12).</remarks>
    public override Coefficients Transition(NoiseLevel from, NoiseLevel to)
    {
        var shrink = to.Noise / from.Noise;
        return new(shrink, to.Signal - (shrink * from.Signal));
    }

    /// <inheritdoc/>
    public override double Elapsed(NoiseLevel from, NoiseLevel to) => 0.5 * (to.LogSnr - from.LogSnr);

    /// <inheritdoc/>
    public override double Ramp(NoiseLevel from, NoiseLevel to) => to.Signal * DecayResponse.ToRamp(Elapsed(from, to));
}
