namespace NullaProp.ML.Sampling;

/// <summary>What the network's output means.</summary>
internal enum NetworkPrediction
{
    /// <summary>The logits of the class: û = softmax(logits)·W.</summary>
    CleanLabel,

    /// <summary>The velocity v = logits·W; the clean label is then z + (1−t)·v.</summary>
    Velocity,
}
