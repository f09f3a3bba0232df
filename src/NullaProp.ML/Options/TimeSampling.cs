namespace NullaProp.ML;

/// <summary>How the times of a training step are drawn. They are spread evenly over the batch either way, and the expected loss is the same; its variance is not.</summary>
public enum TimeSampling
{
    /// <summary>Every time is as likely, as in the paper and the seed project.</summary>
    UniformInTime,

    /// <summary>
    /// Every log signal-to-noise ratio λ is as likely: t has the density λ′(t)/(λ(1)−λ(0)), and the loss's weight is divided by it. Needs a schedule that is not learned, for a
    /// learned one would have nothing left to learn.
    /// </summary>
    UniformInLogSnr,
}
