using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace NullaProp.ML;

/// <summary>What stands for a class in the space that noise is added to: the rows u of the class embedding matrix W (K×D).</summary>
public sealed record Embedding
{
    /// <summary>Gets the kind of embedding.</summary>
    /// <value>Default <see cref="EmbeddingKind.OneHot"/>.</value>
    [DecidesParameters]
    public EmbeddingKind Kind { get; init; } = EmbeddingKind.OneHot;

    /// <summary>Gets where learned embeddings start.</summary>
    /// <value>
    /// Default <see cref="EmbeddingInitialization.Orthogonal"/> (paper, section 2.2.1), the only one for
    /// <see cref="EmbeddingKind.OneHot"/>, which is fixed.
    /// </value>
    [DecidesParameters] // some decide D
    public EmbeddingInitialization Initialization { get; init; } = EmbeddingInitialization.Orthogonal;

    /// <summary>Gets the length D of a learned embedding, where <see cref="Embedding.Initialization"/> leaves it open.</summary>
    /// <value>
    /// Default <see langword="null"/>: 20 (paper, table 1), or what is given: the number of classes for <see cref="EmbeddingKind.OneHot"/>,
    /// and where it starts at images <see cref="NoPropOptions.HiddenSize"/> for their features, channels × height × width for their pixels.
    /// Else 1 to 65,536; the JAX reference has 256.
    /// </value>
    [Range(1, 65_536), DecidesParameters]
    public int? Dimension { get; init; }

    /// <summary>Gets a value indicating whether training changes the embeddings.</summary>
    internal bool IsLearned => Kind != EmbeddingKind.OneHot;

    /// <summary>Gets a value indicating whether they start at one image of each class.</summary>
    internal bool StartsAtImages => Initialization is
        EmbeddingInitialization.FeatureMedoidBySum or EmbeddingInitialization.FeatureMedoidByMedian or EmbeddingInitialization.PixelMedoid;

    /// <summary>Returns what has no effect, in sentences.</summary>
    internal IEnumerable<string> Faults()
    {
        if (!IsLearned && Initialization != EmbeddingInitialization.Orthogonal)
        {
            yield return $"Embedding.{nameof(Initialization)} is {Initialization}, but embeddings of the kind {Kind} are fixed: choose "
                + $"{EmbeddingKind.Learned} or {EmbeddingKind.LearnedUnitNorm}, or leave it out.";
        }

        if (Dimension is { } dimension && (!IsLearned || StartsAtImages))
        {
            var given = IsLearned ? $"{Initialization} decides it" : $"embeddings of the kind {Kind} are as long as there are classes";
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"Embedding.{nameof(Dimension)} is {dimension}, but {given}: leave it out.");
        }
    }
}

/// <summary>What stands for a class in the space that noise is added to: the rows u of the class embedding matrix W (K×D).</summary>
public enum EmbeddingKind
{
    /// <summary>The identity matrix, fixed; D is the number of classes (paper, section 2.2.1). Cannot collapse.</summary>
    OneHot,

    /// <summary>
    /// Learned directions of length 1, rescaled to the unit sphere at every use, so that the norm cannot collapse.
    /// <see cref="Embedding.Initialization"/> gives the first ones.
    /// </summary>
    LearnedUnitNorm,

    /// <summary>
    /// Learned and unconstrained, starting where <see cref="Embedding.Initialization"/> says (paper, section 2.2.1). With the JAX
    /// reference's losses it collapses: watch <see cref="EpochMetrics.EmbeddingNorm"/>.
    /// </summary>
    Learned,
}

/// <summary>
/// Where learned class embeddings start. Drawn at random, or an image of each class: the one in its middle, by features or by pixels.
/// </summary>
/// <remarks>
/// A class without training images has no middle: the last three refuse it. They normalise pixels first, as training does, and divide the
/// rows by their mean length, so that noise levels mean for them what they mean for one-hot embeddings. Differs from the sources, which
/// leave them at the length of their units (docs/decisions.md). For <see cref="EmbeddingKind.LearnedUnitNorm"/> only the direction of each
/// is kept.
/// </remarks>
public enum EmbeddingInitialization
{
    /// <summary>
    /// Directions of length 1, orthogonal to each other where there are no more classes than dimensions, else random (paper, section
    /// 2.2.1).
    /// </summary>
    Orthogonal,

    /// <summary>0.01·N(0, 1), the default of the JAX reference.</summary>
    SmallNormal,

    /// <summary>
    /// The features that the untrained backbone (of discrete time: the first block's) gives one of at most 10 random images of the class:
    /// the one with the smallest sum of squared distances to the others (dimarkov/nullaprop, utils.py:327-420). D is
    /// <see cref="NoPropOptions.HiddenSize"/>.
    /// </summary>
    FeatureMedoidBySum,

    /// <summary>
    /// The same by the smallest median distance, where an image's distance 0 to itself counts and an even number has the lower of its two
    /// medians (yhgon/NoProp, noprop_simple.py:163-207). D is <see cref="NoPropOptions.HiddenSize"/>.
    /// </summary>
    FeatureMedoidByMedian,

    /// <summary>
    /// The image with the smallest median distance to all other images of its class, pixel by pixel (the prototype of the paper, section
    /// 2.2.1). D is channels × height × width. Differs from the paper: of at most 2,000 images of each class, fewer where they take more
    /// than <see cref="NoPropOptions.MaxCachedBytes"/>; and the noisy label is read by linear layers, as any other, not by convolutions.
    /// </summary>
    PixelMedoid,
}
