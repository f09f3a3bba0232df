using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.Variants;

namespace NullaProp.ML;

/// <summary>NoProp-CT: one network denoises labels at any time t in [0, 1] (paper, section 2.2.2).</summary>
public sealed record ContinuousTime : DiffusionVariant
{
    /// <summary>Gets the kind of noise schedule.</summary>
    /// <value>Default <see cref="NoiseScheduleKind.Learned"/>.</value>
    [DecidesParameters]
    public NoiseScheduleKind NoiseSchedule { get; init; } = NoiseScheduleKind.Learned;

    /// <summary>Gets how the times of a training step are drawn.</summary>
    /// <value>Default <see cref="TimeSampling.UniformInTime"/> (paper, algorithm 2; JAX reference).</value>
    public TimeSampling TimeSampling { get; init; } = TimeSampling.UniformInTime;

    /// <summary>Gets what the read-out term reads the class from.</summary>
    /// <value>Default <see cref="ReadoutLoss.NoisyLabel"/>.</value>
    [DecidesParameters] // a trained read-out has some
    public ReadoutLoss ReadoutLoss { get; init; } = ReadoutLoss.NoisyLabel;

    private bool TrainsSchedule => NoiseSchedule is NoiseScheduleKind.Learned or NoiseScheduleKind.LearnedJointly;

    /// <inheritdoc/>
    internal override IEnumerable<string> Faults(NoPropOptions options)
    {
        foreach (var fault in base.Faults(options))
        {
            yield return fault;
        }

        if (NoiseSchedule == NoiseScheduleKind.LearnedJointly && LossWeighting != LossWeighting.SnrDerivative)
        {
            yield return $"{nameof(NoiseSchedule)} is {NoiseSchedule} and {nameof(LossWeighting)} is {LossWeighting}, but a schedule "
                + $"trained by the loss needs {LossWeighting.SnrDerivative}: under any other weight it learns to avoid the hard noise "
                + $"levels. Choose {NoiseScheduleKind.Learned}.";
        }

        if (LossWeighting == LossWeighting.MinSnr && TrainsSchedule)
        {
            yield return $"{nameof(LossWeighting)} is {LossWeighting} and {nameof(NoiseSchedule)} is {NoiseSchedule}, but a schedule that "
                + $"is trained can pass where the weight is cut off. Set {nameof(NoiseSchedule)} to {NoiseScheduleKind.LinearLogSnr} or "
                + $"{NoiseScheduleKind.Cosine}.";
        }

        if (TimeSampling == TimeSampling.UniformInLogSnr && TrainsSchedule)
        {
            yield return $"{nameof(TimeSampling)} is {TimeSampling} and {nameof(NoiseSchedule)} is {NoiseSchedule}, but times drawn evenly "
                + $"over log-SNR leave a learned schedule nothing to learn. Set {nameof(NoiseSchedule)} to "
                + $"{NoiseScheduleKind.LinearLogSnr} or {NoiseScheduleKind.Cosine}.";
        }

        if (options.Sampling.Dynamics == FlowDynamics.Ancestral && options.Sampling.Solver != OdeSolver.ExponentialEuler)
        {
            yield return $"{nameof(Sampling.Dynamics)} is {options.Sampling.Dynamics} and {nameof(Sampling.Solver)} is "
                + $"{options.Sampling.Solver}, but the noise of the reverse diffusion belongs to its exact step. Set "
                + $"{nameof(Sampling.Solver)} to {OdeSolver.ExponentialEuler}.";
        }
    }

    /// <inheritdoc/>
    internal override NoiseSchedule Schedule(WeightScope scope) =>
        NoiseScheduleFactory.Create(scope, NoiseSchedule, LogSnrAtNoise, LogSnrAtLabel);

    /// <inheritdoc/>
    internal override LabelReadout Readout(WeightScope scope, ClassEmbedding embedding) =>
        embedding.IsLearned && ReadoutLoss == ReadoutLoss.Linear ? new LinearReadout(scope, embedding) : new GaussianReadout();

    /// <inheritdoc/>
    internal override SamplingPlan Plan(Denoiser model, NoiseSchedule schedule, Sampling sampling) =>
        new PlanCompiler(Dynamics.Of(sampling.Dynamics), schedule.Levels, model.ClassCount).Compile(sampling, LastEvaluation.AtLabel);

    /// <inheritdoc/>
    internal override TrainingPasses Passes(Denoiser model, NoPropOptions options, RandomStreams streams) =>
        TrainingPasses.Joint(model, options, new ContinuousTimeLoss(model, this), streams);
}

/// <summary>
/// How the times of a training step are drawn. They are spread evenly over the batch either way, and the expected loss is the same; its
/// variance is not.
/// </summary>
public enum TimeSampling
{
    /// <summary>Every time is as likely, as in the paper and the JAX reference.</summary>
    UniformInTime,

    /// <summary>
    /// Every log signal-to-noise ratio λ is as likely: t has the density λ′(t)/(λ(1)−λ(0)), and the loss's weight is divided by it. Needs a
    /// schedule that is not learned, for a learned one would have nothing left to learn.
    /// </summary>
    UniformInLogSnr,
}
