using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using TorchSharp;
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

    /// <summary>
    /// Returns the factors of z and of the network's output in the clean label that they stand for: z + (1−t)·v, as z = t·u + (1−t)·z₀ and
    /// v = u − z₀. With noise around the path it is E[u|z, x] where v is E[u − z₀|z, x], by the Gaussian's E[z₀|z, u] = (1−t)/S·(z − t·u).
    /// </summary>
    /// <param name="time">The time t.</param>
    /// <param name="pathNoise">σ; S = (1−t)² + σ² is the variance around t·u.</param>
    public Coefficients CleanLabel(double time, double pathNoise = 0)
    {
        var (rest, velocity) = (1 - time, Rate(new NoiseLevel(time, LogSnr: 0, LogSnrRate: 0)));
        if (pathNoise == 0)
        {
            return new(1 + (rest * velocity.State), rest * velocity.Prediction);
        }

        var variance = (rest * rest) + (pathNoise * pathNoise);
        var whole = variance + (time * rest);
        return new((rest + (variance * velocity.State)) / whole, variance * velocity.Prediction / whole);
    }

    /// <summary>Returns the velocity, (B, D).</summary>
    /// <param name="output">The network's output in the space of labels, logits·W, (B, D).</param>
    /// <param name="z">Noisy labels, (B, D).</param>
    /// <param name="time">Times, (B, 1).</param>
    public virtual Tensor Velocity(Tensor output, Tensor z, Tensor time) => output;

    /// <summary>Returns what the squared error of the velocity is multiplied by, (B, 1).</summary>
    /// <param name="time">Times, (B, 1).</param>
    public virtual Tensor Weight(Tensor time) => ones_like(time);
}

/// <summary>
/// Flow matching whose network says what is to be added to the best linear estimate of the velocity from z alone, in units of that
/// estimate's deviation: dz/dt = a(t)·z + c(t)·F with S(t) = t²·s² + (1−t)² the variance of z, a = ½·S′/S and c = s/√S. So z/√S moves by F
/// alone along the clock ∫s/S dt = arctan(((1+s²)·t − 1)/s).
/// </summary>
/// <remarks>
/// The noise around the path (<see cref="FlowMatching.PathNoise"/>) is left out of S: with it the estimate is a little too large, and the
/// network takes that back.
/// </remarks>
/// <param name="labelVariance">s², the variance of a clean label in each direction, above 0.</param>
internal sealed class PreconditionedFlow(double labelVariance) : VelocityFlow
{
    private readonly Lazy<Scalar> _labelVariance = new(() => labelVariance); // a native number: made when tensors are
    private readonly Lazy<Scalar> _labelDeviation = new(() => Math.Sqrt(labelVariance));
    private readonly Lazy<Scalar> _weight = new(() => 3 / (1 + labelVariance)); // 1 over the mean of S from t = 0 to 1

    /// <inheritdoc/>
    public override Coefficients Rate(NoiseLevel level) => new(StateRate(level.Time), OutputRate(level.Time));

    /// <inheritdoc/>
    public override Coefficients Transition(NoiseLevel from, NoiseLevel to) =>
        new(Math.Sqrt(Variance(to.Time) / Variance(from.Time)), Math.Sqrt(Variance(to.Time)) * Elapsed(from, to));

    /// <inheritdoc/>
    public override double Elapsed(NoiseLevel from, NoiseLevel to) => Clock(to.Time) - Clock(from.Time);

    /// <inheritdoc/>
    public override double Ramp(NoiseLevel from, NoiseLevel to) => Transition(from, to).Prediction / 2;

    /// <inheritdoc/>
    public override double Target(NoiseLevel level, double clean, double state) =>
        (base.Target(level, clean, state) - (StateRate(level.Time) * state)) / OutputRate(level.Time);

    /// <inheritdoc/>
    public override Tensor Velocity(Tensor output, Tensor z, Tensor time)
    {
        var (signal, variance) = (time.mul(_labelVariance.Value), Variance(time)); // t·s² and S, (B, 1)
        var stateRate = (signal - (ones_like(time) - time)) / variance; // (B, 1)
        return (output * variance.rsqrt().mul(_labelDeviation.Value)).Plus(stateRate * z);
    }

    /// <inheritdoc/>
    /// <remarks>1/c² but for a factor that makes its mean 1, so that the anchor keeps its share of the loss.</remarks>
    public override Tensor Weight(Tensor time) => Variance(time).mul(_weight.Value);

    private Tensor Variance(Tensor time)
    {
        var rest = ones_like(time) - time;
        return (time.mul(_labelVariance.Value) * time).Plus(rest * rest); // (B, 1)
    }

    private double Variance(double time) => (time * time * labelVariance) + ((1 - time) * (1 - time));

    private double StateRate(double time) => ((time * labelVariance) - (1 - time)) / Variance(time);

    private double OutputRate(double time) => Math.Sqrt(labelVariance / Variance(time));

    private double Clock(double time) => Math.Atan((((1 + labelVariance) * time) - 1) / Math.Sqrt(labelVariance));
}
