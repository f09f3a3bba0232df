using System.Globalization;
using System.Text;

namespace NullaProp.ML.Training;

/// <summary>Says in a sentence what an epoch gave.</summary>
internal static class EpochReport
{
    /// <summary>Returns the sentence.</summary>
    /// <param name="metrics">The epoch.</param>
    public static string Sentence(EpochMetrics metrics)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Epoch {metrics.Epoch} of {metrics.Epochs}: loss {metrics.TrainingLoss:F4}");
        text.Append(
            CultureInfo.InvariantCulture,
            $" (denoising {metrics.DenoisingLoss:F4}, prior {metrics.PriorLoss:F4}, read-out {metrics.ReadoutLoss:F4})");
        if (metrics.TrainingAccuracy is { } accuracy)
        {
            text.Append(CultureInfo.InvariantCulture, $", training accuracy {accuracy:P1}");
        }

        if (metrics.ValidationAccuracy is { } validation)
        {
            text.Append(CultureInfo.InvariantCulture, $", validation accuracy {validation:P1}, log-loss {metrics.ValidationLogLoss:F4}");
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $", learning rate {metrics.LearningRate:G3}, embedding norm {metrics.EmbeddingNorm:F3}, {metrics.Elapsed.TotalSeconds:F1} s.");
        return text.ToString();
    }
}
