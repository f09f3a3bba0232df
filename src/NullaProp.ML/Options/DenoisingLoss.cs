namespace NullaProp.ML;

/// <summary>What the denoising term compares.</summary>
public enum DenoisingLoss
{
    /// <summary>Squared distance between the predicted embedding û = softmax(logits)·W and the embedding u of the label (paper, eq. 9).</summary>
    SquaredError,

    /// <summary>Cross-entropy of the logits against the label.</summary>
    CrossEntropy,
}
