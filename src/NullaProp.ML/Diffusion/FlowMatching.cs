namespace NullaProp.ML.Diffusion;

/// <summary>dz/dt = v, where the network predicts the velocity v itself: flow matching (paper, section 2.2.3) along the straight path z = t·u + (1−t)·ε.</summary>
internal sealed class FlowMatching : Dynamics
{
    // The velocity of a state that lies on no path grows without bound towards t = 1; a bound keeps the numbers finite by which steps are chosen.
    private const double LeastNoise = 1e-3;

    /// <inheritdoc/>
    public override Coefficients Rate(NoiseLevel level) => new(0, 1);

    /// <inheritdoc/>
    public override Coefficients Transition(NoiseLevel from, NoiseLevel to) => new(1, Elapsed(from, to));

    /// <inheritdoc/>
    public override double Elapsed(NoiseLevel from, NoiseLevel to) => to.Time - from.Time;

    /// <inheritdoc/>
    public override double Ramp(NoiseLevel from, NoiseLevel to) => Elapsed(from, to) / 2;

    /// <inheritdoc/>
    public override (double Signal, double Noise) Mixture(NoiseLevel level) => (level.Time, Math.Max(1 - level.Time, LeastNoise));

    /// <inheritdoc/>
    /// <remarks>u − ε = (u − z)/(1−t).</remarks>
    public override double Target(NoiseLevel level, double clean, double state) => (clean - state) / Mixture(level).Noise;
}
