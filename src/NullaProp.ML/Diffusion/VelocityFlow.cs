namespace NullaProp.ML.Diffusion;

/// <summary>dz/dt = v: flow matching, whose network predicts the velocity itself (paper, section 2.2.3). What the coefficients call the prediction is v.</summary>
internal sealed class VelocityFlow : Dynamics
{
    /// <inheritdoc/>
    public override Coefficients Rate(NoiseLevel level) => new(0, 1);

    /// <inheritdoc/>
    public override Coefficients Transition(NoiseLevel from, NoiseLevel to) => new(1, to.Time - from.Time);
}
