namespace NullaProp.ML.Diffusion;

/// <summary>
/// A linear differential equation for the noisy label: dz/dt = c_z·z + c_u·û, with factors that depend on the noise level alone.
/// </summary>
internal abstract class Dynamics
{
    /// <summary>Returns c_z and c_u at a level.</summary>
    /// <param name="level">The noise level.</param>
    public abstract Coefficients Rate(NoiseLevel level);

    /// <summary>Returns the exact solution over a step during which û does not change: z₁ = A·z₀ + B·û.</summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public abstract Coefficients Transition(NoiseLevel from, NoiseLevel to);

    /// <summary>
    /// Returns how far the clock runs in a step in which û is taken to change linearly within it. Only differences of it exist in closed
    /// form for every dynamics.
    /// </summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end, after the start.</param>
    /// <returns>Above 0.</returns>
    public abstract double Elapsed(NoiseLevel from, NoiseLevel to);

    /// <summary>
    /// Returns what a change of û adds: z₁ = A·z₀ + B·û₀ + Ramp·(û₁ − û₀), exact where û goes from û₀ to û₁ linearly in
    /// <see cref="Elapsed"/>, with the A and B of <see cref="Transition"/>.
    /// </summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public abstract double Ramp(NoiseLevel from, NoiseLevel to);

    /// <summary>Returns the factor of a standard normal draw that the step adds; 0 where the way is determined by its start.</summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public virtual double NoiseScale(NoiseLevel from, NoiseLevel to) => 0;

    /// <summary>Returns the factors of u and ε in the noisy label from which the network learns.</summary>
    /// <param name="level">The noise level.</param>
    public virtual (double Signal, double Noise) Mixture(NoiseLevel level) => (level.Signal, level.Noise);

    /// <summary>
    /// Returns what a network that knows the clean label predicts, one component of it: the clean label itself unless a dynamics says
    /// otherwise.
    /// </summary>
    /// <param name="level">The noise level.</param>
    /// <param name="clean">A component of u.</param>
    /// <param name="state">The same component of z.</param>
    public virtual double Target(NoiseLevel level, double clean, double state) => clean;

    /// <summary>Returns the dynamics that an option names.</summary>
    /// <param name="kind">The option.</param>
    public static Dynamics Of(FlowDynamics kind) => kind switch
    {
        FlowDynamics.ProbabilityFlow => new ProbabilityFlow(),
        FlowDynamics.SimplifiedFlow => new SimplifiedFlow(),
        FlowDynamics.ReverseDrift => new ReverseDrift(),
        FlowDynamics.Ancestral => new Ancestral(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such dynamics."),
    };

    /// <summary>The factors of the state and of the prediction.</summary>
    /// <param name="State">Factor of z.</param>
    /// <param name="Prediction">Factor of û.</param>
    internal readonly record struct Coefficients(double State, double Prediction);
}

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

/// <summary>
/// The drift of the reverse diffusion without its noise: dz/dt = ᾱ′/(ᾱ(1−ᾱ))·(√ᾱ·û − ½(1+ᾱ)·z), which with ᾱ′ = λ′·ᾱ(1−ᾱ) is λ′·(√ᾱ·û −
/// ½(1+ᾱ)·z). The seed project integrates it under <c>fix=True</c>.
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

/// <summary>
/// dz/dt = (û − z)/(1−ᾱ), the equation that the JAX reference integrates. It ends at û, not at √ᾱ·û + √(1−ᾱ)·ε, and is stiff: its rate is 1
/// + SNR.
/// </summary>
internal sealed class SimplifiedFlow : Dynamics
{
    /// <inheritdoc/>
    public override Coefficients Rate(NoiseLevel level) => new(-1 / level.NoiseVariance, 1 / level.NoiseVariance);

    /// <inheritdoc/>
    /// <remarks>z − û shrinks by exp(−∫(1 + SNR)dt).</remarks>
    public override Coefficients Transition(NoiseLevel from, NoiseLevel to)
    {
        var shrink = Math.Exp(-Elapsed(from, to));
        return new(shrink, 1 - shrink);
    }

    /// <inheritdoc/>
    /// <remarks>∫(1 + SNR)dt; λ is taken as straight inside the step, for which ∫SNR dt = Δt·ΔSNR/Δλ.</remarks>
    public override double Elapsed(NoiseLevel from, NoiseLevel to)
    {
        var rise = to.LogSnr - from.LogSnr;
        var meanSnr = Math.Abs(rise) < 1e-9 ? from.Snr : (to.Snr - from.Snr) / rise;
        return (to.Time - from.Time) * (1 + meanSnr);
    }

    /// <inheritdoc/>
    public override double Ramp(NoiseLevel from, NoiseLevel to) => DecayResponse.ToRamp(Elapsed(from, to));
}

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
