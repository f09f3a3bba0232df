namespace NullaProp.ML;

/// <summary>Where learned class embeddings start. Drawn at random, or an image of each class: the one in its middle, by features or by pixels.</summary>
/// <remarks>
/// A class without training images has no middle: the last three refuse it. They normalise pixels first, as training does, and divide the rows by their mean length, so that noise
/// levels mean for them what they mean for one-hot embeddings. Differs from the sources, which leave them at the length of their units (docs/decisions.md). For
/// <see cref="EmbeddingKind.LearnedUnitNorm"/> only the direction of each is kept.
/// </remarks>
public enum EmbeddingInitialization
{
    /// <summary>Directions of length 1, orthogonal to each other where there are no more classes than dimensions, else random (paper, section 2.2.1).</summary>
    Orthogonal,

    /// <summary>0.01·N(0, 1), the default of the seed project.</summary>
    SmallNormal,

    /// <summary>
    /// The features that the untrained backbone (of discrete time: the first block's) gives one of at most 10 random images of the class: the one with the smallest sum of squared distances to the others
    /// (dimarkov/nullaprop, utils.py:327-420). D is <see cref="NoPropOptions.HiddenSize"/>.
    /// </summary>
    FeatureMedoidBySum,

    /// <summary>
    /// The same by the smallest median distance, where an image's distance 0 to itself counts and an even number has the lower of its two medians (yhgon/NoProp,
    /// noprop_simple.py:163-207). D is <see cref="NoPropOptions.HiddenSize"/>.
    /// </summary>
    FeatureMedoidByMedian,

    /// <summary>
    /// The image with the smallest median distance to all other images of its class, pixel by pixel (the prototype of the paper, section 2.2.1). D is channels × height × width.
    /// Differs from the paper: of at most 2,000 images of each class, fewer where they take more than <see cref="NoPropOptions.MaxCachedBytes"/>; and the noisy label
    /// is read by linear layers, as any other, not by convolutions.
    /// </summary>
    PixelMedoid,
}
