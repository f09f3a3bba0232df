namespace NullaProp.ML;

/// <summary>What stands for a class in the space that noise is added to: the rows u of the class embedding matrix W (K×D).</summary>
public enum EmbeddingKind
{
    /// <summary>The identity matrix, fixed; D is the number of classes (paper, section 2.2.1). Cannot collapse.</summary>
    OneHot,

    /// <summary>Learned directions of length 1: orthogonal at the start where K ≤ D, rescaled to the unit sphere at every use, so the norm cannot collapse.</summary>
    LearnedUnitNorm,

    /// <summary>Learned and unconstrained, starting at 0.01·N(0, 1), as the seed project does. With the seed's losses it collapses: watch <see cref="EpochMetrics.EmbeddingNorm"/>.</summary>
    Learned,
}
