using NullaProp.ML.Scoring;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>How well a scorer does on labelled images.</summary>
/// <param name="Accuracy">The share of images whose class has the highest probability, 0 to 1.</param>
/// <param name="LogLoss">The mean of −ln p(label), in nats, p no smaller than 1e-15 as in ML.NET's evaluator.</param>
internal readonly record struct Evaluation(double Accuracy, double LogLoss)
{
    private static readonly Scalar SmallestProbability = 1e-15;

    /// <summary>Scores images and compares with their labels.</summary>
    /// <param name="score">The scorer: raw pixels (B, C, H, W) to probabilities (B, K) on the CPU.</param>
    /// <param name="images">The images, at least one.</param>
    public static Evaluation Of(Func<Tensor, Tensor> score, IImages images) => Of(score, images.InOrder(ScoringBatch.Rows(images.Shape)));

    /// <summary>Scores some images in memory and compares with their labels.</summary>
    /// <param name="score">As above.</param>
    /// <param name="images">The images.</param>
    /// <param name="rows">Which of them to score, at least one.</param>
    public static Evaluation Of(Func<Tensor, Tensor> score, ImageStore images, IEnumerable<long> rows) =>
        Of(score, images.Batches(rows, ScoringBatch.Rows(images.Shape)));

    private static Evaluation Of(Func<Tensor, Tensor> score, IEnumerable<ImageBatch> batches)
    {
        var (count, correct, loss) = (0L, 0L, 0.0);
        foreach (var batch in batches)
        {
            using (batch)
            {
                using var scope = NewDisposeScope();
                count += batch.Labels.shape[0];
                var probabilities = score(batch.Pixels); // (B, K)
                correct += probabilities.argmax(1).eq(batch.Labels).sum().item<long>();
                var ofLabel = probabilities.gather(1, batch.Labels.unsqueeze(1)); // (B, 1)
                loss -= ofLabel.to(ScalarType.Float64).clamp_min(SmallestProbability).log().sum().item<double>();
            }
        }

        return new((double)correct / count, loss / count);
    }
}
