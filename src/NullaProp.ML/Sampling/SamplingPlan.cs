namespace NullaProp.ML.Sampling;

/// <summary>Scoring as a flat list of numbers: at which times to evaluate the network, and how to go on from there. Compiled once; no solver runs at scoring time.</summary>
/// <param name="Stages">The evaluations in order, at least one.</param>
internal sealed record SamplingPlan(IReadOnlyList<SamplingStage> Stages)
{
    /// <summary>Gets the plan of a plain classifier: one evaluation at pure noise.</summary>
    public static SamplingPlan SingleEvaluation { get; } = new([new SamplingStage { Time = 0, ScoreShare = 1 }]);
}
