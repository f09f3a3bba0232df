using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.Variants;

namespace NullaProp.ML;

/// <summary>
/// Not NoProp but its yardstick: the same backbone and head, trained as a plain classifier with cross-entropy (z and t held at 0) and
/// scored with one evaluation. Every figure for NoProp should stand beside this one.
/// </summary>
public sealed record CrossEntropyBaseline : NoPropVariant
{
    /// <inheritdoc/>
    internal override bool GoesFromNoiseToLabel => false;

    /// <inheritdoc/>
    internal override IEnumerable<string> Faults(NoPropOptions options) => Unused(
        options.Sampling,
        "evaluates the network once",
        nameof(Sampling.Dynamics),
        nameof(Sampling.Solver),
        nameof(Sampling.SolverSteps),
        nameof(Sampling.SolverTolerance),
        nameof(Sampling.ScoreReadout),
        nameof(Sampling.EarlyExit),
        nameof(Sampling.Draws));

    /// <inheritdoc/>
    /// <remarks>None is asked for: z is 0.</remarks>
    internal override NoiseSchedule Schedule(WeightScope scope) => new StraightPathSchedule();

    /// <inheritdoc/>
    internal override LabelReadout Readout(WeightScope scope, ClassEmbedding embedding) => new GaussianReadout();

    /// <inheritdoc/>
    internal override SamplingPlan Plan(Denoiser model, NoiseSchedule schedule, Sampling sampling) => SamplingPlan.SingleEvaluation;

    /// <inheritdoc/>
    internal override TrainingPasses Passes(Denoiser model, NoPropOptions options, RandomStreams streams) =>
        TrainingPasses.Joint(model, options, new ClassifierLoss(model), streams);
}
