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
    /// <see cref="Elapsed"/>, with the A and B of
    /// <see cref="Transition"/>.
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
