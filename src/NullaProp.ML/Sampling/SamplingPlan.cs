namespace NullaProp.ML.Sampling;

/// <summary>Scoring as a flat list of numbers: at which times to evaluate the network, and how to go on from there. Compiled once; no solver runs at scoring time.</summary>
/// <param name="Stages">The evaluations in order, at least one.</param>
internal sealed record SamplingPlan(IReadOnlyList<SamplingStage> Stages)
{
    /// <summary>Gets the plan of a plain classifier: one evaluation at pure noise.</summary>
    public static SamplingPlan SingleEvaluation { get; } = new([new SamplingStage { Time = 0, ScoreShare = 1 }]);

    /// <summary>Returns for each stage what is left of the start: the factor c in z = c·z₀ + q·W at which it evaluates.</summary>
    public IReadOnlyList<double> StartShares()
    {
        var shares = new double[Stages.Count];
        var (state, point) = (1.0, 1.0);
        for (var i = 0; i < Stages.Count; i++)
        {
            shares[i] = point;
            point = Stages[i].State * state;
            state = Stages[i].EndsStep ? point : state;
        }

        return shares;
    }
}
