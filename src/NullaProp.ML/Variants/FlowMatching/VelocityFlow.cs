using NullaProp.ML.Diffusion;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// dz/dt = v, where the network predicts the velocity v itself: flow matching (paper, section 2.2.3) along the straight path z = t·u +
/// (1−t)·ε.
/// </summary>
internal class VelocityFlow : Dynamics
{
    // The velocity of a state that lies on no path grows without bound towards t = 1; a bound keeps the numbers finite by which steps are
    // chosen.
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

    /// <summary>Returns the dynamics of a form of the velocity.</summary>
    /// <param name="form">The form.</param>
    /// <param name="directions">
    /// The number of directions that the embeddings span: a label of length 1 has a variance of 1 over it in each.
    /// </param>
    public static VelocityFlow Of(VelocityForm form, long directions) => form switch
    {
        VelocityForm.Raw => new VelocityFlow(),
        VelocityForm.Preconditioned => new PreconditionedFlow(1.0 / directions),
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "No such form."),
    };

    /// <summary>Returns the factors of z and of the network's output in the clean label that they stand for, z + (1−t)·v.</summary>
    /// <param name="time">The time t.</param>
    public virtual Coefficients CleanLabel(double time) => new(1, 1 - time);

    /// <summary>Returns the velocity, (B, D).</summary>
    /// <param name="output">The network's output in the space of labels, logits·W, (B, D).</param>
    /// <param name="z">Noisy labels, (B, D).</param>
    /// <param name="time">Times, (B, 1).</param>
    public virtual Tensor Velocity(Tensor output, Tensor z, Tensor time) => output;

    /// <summary>Returns what the squared error of the velocity is multiplied by, (B, 1).</summary>
    /// <param name="time">Times, (B, 1).</param>
    public virtual Tensor Weight(Tensor time) => ones_like(time);
}
