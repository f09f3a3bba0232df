namespace NullaProp.ML.Diffusion;

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
