namespace NullaProp.ML;

/// <summary>What one epoch gave; reported as <see cref="NoPropProgress.Metrics"/> and logged.</summary>
/// <remarks>
/// Accuracies are those of the scorer that <c>Transform</c> uses, never of the network on a noised label, which at low noise can simply be
/// read off.
/// </remarks>
public sealed record EpochMetrics
{
    /// <summary>Gets the number of this epoch, from 1.</summary>
    public required int Epoch { get; init; }

    /// <summary>
    /// Gets the number of epochs asked for, and twice as many where a pretrained network is trained further; early stopping may end before
    /// it.
    /// </summary>
    public required int Epochs { get; init; }

    /// <summary>Gets the mean training loss over the epoch's rows, each by its weight; the sum of the three terms below.</summary>
    public required double TrainingLoss { get; init; }

    /// <summary>Gets the mean weighted denoising term (third term of eq. 9 of the paper).</summary>
    public required double DenoisingLoss { get; init; }

    /// <summary>Gets the mean prior term (second term of eq. 9), 0 where nothing depends on it.</summary>
    public required double PriorLoss { get; init; }

    /// <summary>Gets the mean read-out cross-entropy (first term of eq. 9), 0 where nothing depends on it.</summary>
    public required double ReadoutLoss { get; init; }

    /// <summary>
    /// Gets the share of at most 1,000 training rows that the scorer classifies correctly, 0 to 1; <see langword="null"/> for a block that
    /// is trained apart, which scores nothing by itself.
    /// </summary>
    public required double? TrainingAccuracy { get; init; }

    /// <summary>
    /// Gets the mean log-loss in nats on the validation rows, each counting the same; <see langword="null"/> without validation data.
    /// </summary>
    public double? ValidationLogLoss { get; init; }

    /// <summary>Gets the share of validation rows classified correctly, 0 to 1; <see langword="null"/> without validation data.</summary>
    public double? ValidationAccuracy { get; init; }

    /// <summary>Gets the learning rate of the epoch's last step.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Gets the mean Euclidean norm of the class embeddings: near 0 means they collapsed and z carries no label.</summary>
    public required double EmbeddingNorm { get; init; }

    /// <summary>Gets the time of training so far, that of the processes before a checkpoint included.</summary>
    public required TimeSpan Elapsed { get; init; }
}
