using System.ComponentModel.DataAnnotations;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.Variants;

namespace NullaProp.ML;

/// <summary>NoProp-FM: one network predicts the velocity from noise to label at any time t in [0, 1] (paper, section 2.2.3).</summary>
public sealed record FlowMatching : NoPropVariant
{
    /// <summary>Gets what the network says of the velocity.</summary>
    /// <value>
    /// Default <see cref="VelocityForm.Preconditioned"/>, with one-hot embeddings two and a half points of accuracy ahead of the paper's
    /// <see cref="VelocityForm.Raw"/> (docs/decisions.md).
    /// </value>
    [DecidesParameters]
    public VelocityForm VelocityForm { get; init; } = VelocityForm.Preconditioned;

    /// <summary>Gets the deviation σ of the noise around the straight path t·u + (1−t)·z₀.</summary>
    /// <value>Default 0; 0 to 1. The paper does not state its own. Scoring starts at z₀ without it, but for what learned
    /// embeddings do not span of z₀: that keeps the deviation that it had in training, √((1−t)² + σ²).</value>
    [Range(0.0, 1.0)]
    public double PathNoise { get; init; }

    /// <summary>Gets the factor of the velocity's error against the anchor.</summary>
    /// <value>Default 1; above 0, at most 1,000.</value>
    [Range(0.0, 1_000.0, MinimumIsExclusive = true)]
    public double DenoisingFactor { get; init; } = 1;

    /// <summary>Gets what the anchor of learned embeddings reads the class from; one-hot ones have no anchor.</summary>
    /// <value>Default <see cref="ReadoutLoss.NoisyLabel"/>; else <see cref="ReadoutLoss.Linear"/>.</value>
    [DecidesParameters] // a trained read-out has some
    public ReadoutLoss ReadoutLoss { get; init; } = ReadoutLoss.NoisyLabel;

    /// <inheritdoc/>
    internal override IEnumerable<string> Faults(NoPropOptions options)
    {
        if (ReadoutLoss == ReadoutLoss.Denoiser)
        {
            yield return $"{nameof(ReadoutLoss)} is {ReadoutLoss}, but {nameof(FlowMatching)} has no network for t = 1 to read from. "
                + $"Choose {ReadoutLoss.NoisyLabel} or {ReadoutLoss.Linear}.";
        }

        foreach (var fault in Unused(options.Sampling, "follows its velocity", nameof(Sampling.Dynamics)))
        {
            yield return fault;
        }
    }

    /// <inheritdoc/>
    /// <remarks>None is asked for: the straight path has levels of its own.</remarks>
    internal override NoiseSchedule Schedule(WeightScope scope) => new StraightPathSchedule();

    /// <inheritdoc/>
    internal override LabelReadout Readout(WeightScope scope, ClassEmbedding embedding) =>
        (embedding.IsLearned, ReadoutLoss) switch
        {
            (false, _) => new ProportionReadout(embedding.Classes),
            (true, ReadoutLoss.Linear) => new LinearReadout(scope, embedding),
            _ => new NearestReadout(scope),
        };

    /// <inheritdoc/>
    internal override SamplingPlan Plan(Denoiser model, NoiseSchedule schedule, Sampling sampling)
    {
        var flow = VelocityFlow.Of(VelocityForm, model.Embedding.Directions);
        var noise = model.Embedding.IsLearned ? 0 : PathNoise; // learned ones are anchored at z + (1−t)·v
        var plan = new PlanCompiler(flow, schedule.Levels, model.ClassCount).Compile(sampling, LastEvaluation.OfLastStep);
        return plan with
        {
            Predicts = NetworkPrediction.Velocity, // the network's output is no clean label, but stands for one together with z
            Link = model.Readout.Link,
            OutsideSpan = [.. plan.Stages.Select(stage => stage.Time).Append(plan.EndTime).Select(OutsideSpan)],
            Stages = [.. plan.Stages.Select(stage => stage with { CleanLabel = flow.CleanLabel(stage.Time, noise) })],
        };
    }

    // No velocity leads out of the span of the embeddings, so that a start would keep its part outside, at a deviation that the network
    // has not seen. What was trained on has that of (1−t)·z₀ + σ·ε there, without a label.
    private double OutsideSpan(double time) => Math.Sqrt(((1 - time) * (1 - time)) + (PathNoise * PathNoise));

    /// <inheritdoc/>
    internal override TrainingPasses Passes(Denoiser model, NoPropOptions options, RandomStreams streams) =>
        TrainingPasses.Joint(model, options, new FlowMatchingLoss(model, this), streams);
}

/// <summary>What the network of <see cref="FlowMatching"/> says of the velocity v that leads from noise to label.</summary>
public enum VelocityForm
{
    /// <summary>
    /// All of it: v = logits·W (paper, section 2.2.3). The network has to give back z, noise and all, before it can say what the image
    /// adds.
    /// </summary>
    Raw,

    /// <summary>
    /// What the image adds to the best linear estimate from z alone, in units of that estimate's deviation: v = a·z + c·logits·W with S =
    /// t²·s² + (1−t)², a = (t·s² − (1−t))/S and c = s/√S; s² = 1/min(K, D), the variance of labels of length 1 in the directions that they
    /// span. The squared error is weighted by 3·S/(1+s²), so that every time counts alike. The preconditioning of Karras et al. 2022 (arXiv
    /// 2206.00364, section 5), for the straight path.
    /// </summary>
    Preconditioned,
}
