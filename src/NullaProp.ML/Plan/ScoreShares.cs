namespace NullaProp.ML.Plan;

/// <summary>Decides how much each evaluation counts in the score.</summary>
/// <param name="sampling">The read-out.</param>
/// <param name="last">What the prediction at the end of the way is.</param>
internal sealed class ScoreShares(Sampling sampling, LastEvaluation last)
{
    /// <summary>Makes a plan of the stages of a solver.</summary>
    /// <param name="stages">The stages, at least one.</param>
    /// <param name="logSnr">λ at which each evaluates.</param>
    public SamplingPlan Assign(IReadOnlyList<SamplingStage> stages, IReadOnlyList<double> logSnr) => sampling.ScoreReadout switch
    {
        ScoreReadout.PathMean => Mean(stages, _ => true),
        ScoreReadout.NoisyPathMean => Mean(stages, i => i == 0 || logSnr[i] <= sampling.ReadoutMaxLogSnr),
        ScoreReadout.LastState => new(stages) { StateShare = 1 },
        ScoreReadout.LastPrediction when last == LastEvaluation.AtLabel =>
            new([.. stages, new SamplingStage { Time = 1, ScoreShare = 1 }]),
        ScoreReadout.LastPrediction => Mean(stages, i => i == stages.Count - 1),
        ScoreReadout.FirstPrediction => Mean(stages, i => i == 0),
        _ => throw new ArgumentOutOfRangeException(nameof(stages), sampling.ScoreReadout, "No such read-out."),
    };

    // What follows the last stage that counts is not evaluated.
    private static SamplingPlan Mean(IReadOnlyList<SamplingStage> stages, Func<int, bool> counts)
    {
        var counted = Enumerable.Range(0, stages.Count).Where(counts).ToHashSet();
        var evaluated = stages.Take(counted.Max() + 1);
        return new([.. evaluated.Select((stage, i) => stage with { ScoreShare = counted.Contains(i) ? 1.0 / counted.Count : 0 })]);
    }
}

/// <summary>What the prediction at the end of a way is.</summary>
internal enum LastEvaluation
{
    /// <summary>That of the last step.</summary>
    OfLastStep,

    /// <summary>One more, at t = 1.</summary>
    AtLabel,
}
