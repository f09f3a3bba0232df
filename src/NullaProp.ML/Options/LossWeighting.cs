namespace NullaProp.ML;

/// <summary>How much each noise level counts in the denoising term.</summary>
public enum LossWeighting
{
    /// <summary>Every log signal-to-noise ratio counts alike. Measured best: docs/decisions.md.</summary>
    Uniform,

    /// <summary>½·SNR′(t), the weight of the paper's bound (eq. 9). Nearly all of it falls where the noisy label already shows the answer.</summary>
    SnrDerivative,

    /// <summary>½·min(SNR′(t), 5): the paper's weight, cut off.</summary>
    MinSnr,
}
