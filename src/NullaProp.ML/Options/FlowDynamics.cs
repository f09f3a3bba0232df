namespace NullaProp.ML;

/// <summary>The differential equation that carries the start z₀ to a label, given the network's prediction û.</summary>
public enum FlowDynamics
{
    /// <summary>dz/dt = ᾱ′/(2ᾱ(1−ᾱ))·(√ᾱ·û − ᾱ·z): the probability flow of the noising that training uses.</summary>
    ProbabilityFlow,

    /// <summary>dz/dt = (û − z)/(1−ᾱ), the form of the seed project. It is no probability flow of its training process, and stiff: with few steps it can blow up.</summary>
    SimplifiedFlow,
}
