namespace NullaProp.ML.Experiments.Variants;

/// <summary>Plain classifiers from different seeds, one after another in memory, whose probabilities are averaged.</summary>
/// <param name="size">The number of classifiers; their seeds run from the study's upwards.</param>
internal sealed class PlainEnsemble(int size) : IMethod
{
    private static readonly NoPropMethod Member = new(new() { Variant = new CrossEntropyBaseline() });

    public MethodResult Run(StudyData data, CancellationToken cancellationToken)
    {
        var (scores, fitTime) = (new MeanScores(data.TestRows), TimeSpan.Zero);
        foreach (var seed in Enumerable.Range(data.Setting.Seed, size))
        {
            using var model = Member.Fit(data, seed, cancellationToken, out var memberTime);
            scores.Add(model.Transform(data.Test));
            fitTime += memberTime;
        }

        var calibration = Calibration.Of(scores.ToData(data.MlContext));
        return new MethodResult(calibration, fitTime) { SingleEvaluationMicroAccuracy = calibration.MicroAccuracy };
    }
}
