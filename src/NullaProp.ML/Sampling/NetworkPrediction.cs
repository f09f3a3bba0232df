namespace NullaProp.ML.Sampling;

/// <summary>What the network's output means.</summary>
internal enum NetworkPrediction
{
    /// <summary>The logits of the class: û = softmax(logits)·W.</summary>
    CleanLabel,

    /// <summary>The velocity, logits·W and a share of z; the clean label is then z + (1−t)·v, by the factors of <see cref="SamplingStage.CleanLabel"/>.</summary>
    Velocity,
}
