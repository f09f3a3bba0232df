namespace NullaProp.ML;

/// <summary>The differential equation that carries the start z₀ to a label, given the network's prediction û.</summary>
public enum FlowDynamics
{
    /// <summary>dz/dt = ᾱ′/(2ᾱ(1−ᾱ))·(√ᾱ·û − ᾱ·z): the probability flow of the noising that training uses.</summary>
    ProbabilityFlow,

    /// <summary>dz/dt = (û − z)/(1−ᾱ), the form of the seed project. It is no probability flow of its training process, and stiff: with few steps it can blow up.</summary>
    SimplifiedFlow,

    /// <summary>
    /// dz/dt = ᾱ′/(ᾱ(1−ᾱ))·(√ᾱ·û − ½(1+ᾱ)·z): the drift of the reverse diffusion with its noise left out, as the seed project has it under <c>fix=True</c>. Mode-seeking: all
    /// draws run to the likeliest class, so that they tell nothing of uncertainty.
    /// </summary>
    ReverseDrift,

    /// <summary>
    /// The reverse diffusion with its noise: z₁ = a·û + b·z₀ + √c·ε, eq. (3) of the paper. As the probability flow, it turns draws into labels as often as they are true. Needs
    /// <see cref="OdeSolver.ExponentialEuler"/> and <see cref="NoPropOptions.Draws"/> of 1 or more.
    /// </summary>
    Ancestral,
}
