using NullaProp.ML.Sampling;

namespace NullaProp.ML.Tests.Sampling;

/// <summary>Follows a plan in plain double arithmetic, straight from the definition of its stages.</summary>
internal static class PlanExecution
{
    /// <summary>Returns where the path ends and the score on the way, for one-hot embeddings, for which the probabilities are the prediction û.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="start">z₀.</param>
    /// <param name="probabilities">The network: p(y|x, z, t).</param>
    public static (double[] End, double[] Score) Run(IEnumerable<SamplingStage> stages, double[] start, Func<double[], double, double[]> probabilities) =>
        Run(stages, start, probabilities, prediction => prediction);

    /// <summary>Returns where the path ends and the score on the way.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="start">z₀.</param>
    /// <param name="probabilities">The network: p(y|x, z, t).</param>
    /// <param name="embed">Turns probabilities p into û = p·W.</param>
    public static (double[] End, double[] Score) Run(
        IEnumerable<SamplingStage> stages, double[] start, Func<double[], double, double[]> probabilities, Func<double[], double[]> embed)
    {
        var (state, point) = (start, start);
        double[] score = [];
        var previous = new double[start.Length];
        foreach (var stage in stages)
        {
            var p = probabilities(point, stage.Time);
            score = [.. p.Select((x, k) => (score.Length == 0 ? 0 : score[k]) + (stage.ScoreShare * x))];
            var prediction = embed(p);
            point = [.. state.Select((z, i) => (stage.State * z) + (stage.Prediction * prediction[i]) + (stage.PreviousPrediction * previous[i]))];
            state = stage.EndsStep ? point : state;
            previous = prediction;
        }

        return (state, score);
    }
}
