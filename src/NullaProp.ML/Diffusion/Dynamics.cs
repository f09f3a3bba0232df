namespace NullaProp.ML.Diffusion;

/// <summary>A linear differential equation for the noisy label: dz/dt = c_z·z + c_u·û, with factors that depend on the noise level alone.</summary>
internal abstract class Dynamics
{
    /// <summary>Returns c_z and c_u at a level.</summary>
    /// <param name="level">The noise level.</param>
    public abstract Coefficients Rate(NoiseLevel level);

    /// <summary>Returns the exact solution over a step during which û does not change: z₁ = A·z₀ + B·û.</summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public abstract Coefficients Transition(NoiseLevel from, NoiseLevel to);

    /// <summary>Returns the factor of the standard normal noise that such a step adds; 0 where the equation is an ordinary one.</summary>
    /// <param name="from">The level at the start of the step.</param>
    /// <param name="to">The level at its end.</param>
    public virtual double NoiseScale(NoiseLevel from, NoiseLevel to) => 0;

    /// <summary>Returns the dynamics that an option names.</summary>
    /// <param name="kind">The option.</param>
    public static Dynamics Of(FlowDynamics kind) => kind switch
    {
        FlowDynamics.ProbabilityFlow => new ProbabilityFlow(),
        FlowDynamics.SimplifiedFlow => new SimplifiedFlow(),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such dynamics."),
    };

    /// <summary>The factors of the state and of the prediction.</summary>
    /// <param name="State">Factor of z.</param>
    /// <param name="Prediction">Factor of û.</param>
    internal readonly record struct Coefficients(double State, double Prediction);
}
