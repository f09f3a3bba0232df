namespace NullaProp.ML.Plan;

/// <summary>Decides how much each evaluation counts in the score.</summary>
/// <param name="options">The read-out and the variant.</param>
internal sealed class ScoreShares(NoPropOptions options)
{
    /// <summary>Makes a plan of the stages of a solver.</summary>
    /// <param name="stages">The stages, at least one.</param>
    /// <param name="logSnr">λ at which each evaluates.</param>
    public SamplingPlan Assign(IReadOnlyList<SamplingStage> stages, IReadOnlyList<double> logSnr) => options.ScoreReadout switch
    {
        ScoreReadout.PathMean => Mean(stages, _ => true),
        ScoreReadout.NoisyPathMean => Mean(stages, i => i == 0 || logSnr[i] <= options.ReadoutMaxLogSnr),
        ScoreReadout.LastState => new(stages) { StateShare = 1 },
        ScoreReadout.LastPrediction when options.Variant == NoPropVariant.ContinuousTime =>
            new([.. stages, new SamplingStage { Time = 1, ScoreShare = 1 }]),
        ScoreReadout.LastPrediction => Mean(stages, i => i == stages.Count - 1),
        ScoreReadout.FirstPrediction => Mean(stages, i => i == 0),
        _ => throw new ArgumentOutOfRangeException(nameof(stages), options.ScoreReadout, "No such read-out."),
    };

    // What follows the last stage that counts is not evaluated.
    private static SamplingPlan Mean(IReadOnlyList<SamplingStage> stages, Func<int, bool> counts)
    {
        var counted = Enumerable.Range(0, stages.Count).Where(counts).ToHashSet();
        var evaluated = stages.Take(counted.Max() + 1);
        return new([.. evaluated.Select((stage, i) => stage with { ScoreShare = counted.Contains(i) ? 1.0 / counted.Count : 0 })]);
    }
}
