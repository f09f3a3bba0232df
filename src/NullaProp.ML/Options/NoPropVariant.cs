namespace NullaProp.ML;

/// <summary>What is trained.</summary>
public enum NoPropVariant
{
    /// <summary>NoProp-CT: one network denoises labels at any time t in [0, 1] (paper, section 2.2.2).</summary>
    ContinuousTime,

    /// <summary>
    /// NoProp-DT: <see cref="NoPropOptions.BlockCount"/> independent networks, one for each step from noise to label, each trained on its own term alone (paper, section 2.1).
    /// A block reads the noisy label as √ᾱ·z, with the ᾱ of its level: the less of it, the noisier it is.
    /// </summary>
    DiscreteTime,

    /// <summary>NoProp-FM: one network predicts the velocity from noise to label at any time t in [0, 1] (paper, section 2.2.3).</summary>
    FlowMatching,

    /// <summary>
    /// Not NoProp but its yardstick: the same backbone and head, trained as a plain classifier with cross-entropy (z and t held at 0) and scored with one evaluation.
    /// Every figure for NoProp should stand beside this one.
    /// </summary>
    CrossEntropyBaseline,
}
