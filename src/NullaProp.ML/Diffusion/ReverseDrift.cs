namespace NullaProp.ML.Diffusion;

/// <summary>
/// The drift of the reverse diffusion without its noise: dz/dt = ᾱ′/(ᾱ(1−ᾱ))·(√ᾱ·û − ½(1+ᾱ)·z), which with ᾱ′ = λ′·ᾱ(1−ᾱ) is λ′·(√ᾱ·û −
/// ½(1+ᾱ)·z). The seed
/// project integrates it under <c>fix=True</c>.
/// </summary>
/// <remarks>
/// The state becomes cleaner than any that training has seen, for noise shrinks as (1−ᾱ)/√ᾱ: all draws run to the likeliest class.
/// </remarks>
internal class ReverseDrift : Dynamics
{
    /// <inheritdoc/>
    public sealed override Coefficients Rate(NoiseLevel level) =>
        new(-0.5 * level.LogSnrRate * (1 + level.AlphaBar), level.LogSnrRate * level.Signal);

    /// <inheritdoc/>
    /// <remarks>With these factors the step is the mean of q(z₁|z₀, û): a_t and b_t of the paper's eq. (3).</remarks>
    public sealed override Coefficients Transition(NoiseLevel from, NoiseLevel to) =>
        new(to.NoiseVariance / from.NoiseVariance * (from.Signal / to.Signal), to.Signal * DecayResponse.ToStep(Elapsed(from, to)));

    /// <inheritdoc/>
    public sealed override double Elapsed(NoiseLevel from, NoiseLevel to) => to.LogSnr - from.LogSnr;

    /// <inheritdoc/>
    public sealed override double Ramp(NoiseLevel from, NoiseLevel to) => to.Signal * DecayResponse.ToRamp(Elapsed(from, to));
}
