namespace NullaProp.ML;

/// <summary>How the log signal-to-noise ratio runs from noise (t = 0) to label (t = 1). It is monotone by construction in every kind.</summary>
public enum NoiseScheduleKind
{
    /// <summary>
    /// A small network with positive weights between two fixed ends. Under <see cref="LossWeighting.Uniform"/> and <see cref="LossWeighting.SnrDerivative"/> the expected loss
    /// does not depend on what lies between the ends (but for what the denoiser makes of t itself), so the network is trained to lower the loss's variance (Kingma et al.
    /// 2021, arXiv 2107.00630, section 5.1).
    /// </summary>
    Learned,

    /// <summary>The same network, its ends trainable too, all trained by the loss itself, as the paper (appendix B) and the seed project do. Needs <see cref="LossWeighting.SnrDerivative"/>, which makes the loss a bound.</summary>
    LearnedJointly,

    /// <summary>A straight line in log signal-to-noise ratio, nothing to train.</summary>
    LinearLogSnr,

    /// <summary>
    /// ᾱ along the cosine of Nichol and Dhariwal (2021, arXiv 2102.09672), squeezed between the two ends rather than clipped at them, so that it rises everywhere; nothing to
    /// train.
    /// </summary>
    Cosine,
}
