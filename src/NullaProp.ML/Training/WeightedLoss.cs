using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Means over the images of a batch, each counting by its weight. Without weights they are the plain means, to the bit.</summary>
internal static class WeightedLoss
{
    /// <summary>
    /// Returns the mean of losses times weights, a scalar tensor. Weights have mean 1 over the training data, not over each batch.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">The loss of each image, (B) or (B, 1).</param>
    public static Tensor Mean(this ImageBatch batch, Tensor rows) =>
        batch.Weights is { } weights ? (rows * weights.view(rows.shape)).mean() : rows.mean();

    /// <summary>Returns the mean cross-entropy, a scalar tensor.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Class logits, (B, K).</param>
    public static Tensor CrossEntropy(this ImageBatch batch, Tensor logits) =>
        batch.Weights is null
            ? nn.functional.cross_entropy(logits, batch.Labels)
            : batch.Mean(nn.functional.cross_entropy(logits, batch.Labels, reduction: nn.Reduction.None));
}
