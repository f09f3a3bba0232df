using NullaProp.ML.Interop;
using NullaProp.ML.Plan;

namespace NullaProp.ML;

/// <summary>What a model's accuracy is worth: figures that should stand beside it.</summary>
/// <param name="Rows">The number of rows measured, those with a label.</param>
/// <param name="SingleEvaluationMicroAccuracy">
/// The share classified correctly by the first evaluation alone, as an ordinary classifier does it, 0 to 1.
/// </param>
/// <param name="NoiseZMicroAccuracy">
/// The share classified correctly when the noisy label is replaced by fresh noise at every evaluation, 0 to 1. As high as the accuracy
/// itself: the way from noise to label decides nothing.
/// </param>
/// <param name="EmbeddingNorm">The mean Euclidean norm of the class embeddings; near 0 they have collapsed.</param>
public sealed record NoPropDiagnostics(int Rows, double SingleEvaluationMicroAccuracy, double NoiseZMicroAccuracy, double EmbeddingNorm);

/// <summary>A point on the way from noise to label, as <see cref="NoPropTransformer.DenoisingPath"/> returns them.</summary>
/// <param name="Time">
/// The time t, from 0 (noise) to 1 (label); a read-out that needs less than the whole way ends it earlier.
/// </param>
/// <param name="NoisyLabels">
/// By row the class probabilities that the noisy label z says by itself, read as at the end of the way: at t = 0 those of the start.
/// </param>
/// <param name="Predictions">
/// By row the class probabilities that the network predicts from image, z and t; in the last point, the score.
/// </param>
public sealed record DenoisingPoint(double Time, IReadOnlyList<float[]> NoisyLabels, IReadOnlyList<float[]> Predictions)
{
    /// <summary>Follows rows along a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="scores">Returns the scores of the rows by a part of it; reads the data.</param>
    /// <exception cref="InvalidOperationException">The data has not the same rows at every reading.</exception>
    internal static IReadOnlyList<DenoisingPoint> Along(SamplingPlan plan, Func<SamplingPlan, IReadOnlyList<float[]>> scores) =>
        OfSameRows(
        [
            .. plan.Stages.Select((stage, i) =>
                new DenoisingPoint(stage.Time, scores(plan.EndingBefore(i)), scores(plan.EndingWithPrediction(i)))),
            new DenoisingPoint(
                plan.LeadsOn ? plan.EndTime : plan.Stages[^1].Time,
                scores(plan.EndingBefore(plan.Stages.Count - (plan.LeadsOn ? 0 : 1))),
                scores(plan)),
        ]);

    private static IReadOnlyList<DenoisingPoint> OfSameRows(IReadOnlyList<DenoisingPoint> points)
    {
        var counts = points.SelectMany(point => new[] { point.NoisyLabels.Count, point.Predictions.Count }).Distinct().ToArray();
        return counts is [_]
            ? points
            : throw UserFault.Of(new InvalidOperationException(
                $"The data had {counts[0]} rows when first read and {counts[1]} when read again. Save it first, or load it into a list: "
                + "the way is read once for each of its points."));
    }
}
