namespace NullaProp.ML;

/// <summary>What is trained.</summary>
public enum NoPropVariant
{
    /// <summary>NoProp-CT: one network denoises labels at any time t in [0, 1] (paper, section 2.2.2).</summary>
    ContinuousTime,

    /// <summary>
    /// Not NoProp but its yardstick: the same backbone and head, trained as a plain classifier with cross-entropy (z and t held at 0) and scored with one evaluation.
    /// Every figure for NoProp should stand beside this one.
    /// </summary>
    CrossEntropyBaseline,
}
