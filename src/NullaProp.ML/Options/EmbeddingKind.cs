namespace NullaProp.ML;

/// <summary>What stands for a class in the space that noise is added to: the rows u of the class embedding matrix W (K×D).</summary>
public enum EmbeddingKind
{
    /// <summary>The identity matrix, fixed; D is the number of classes (paper, section 2.2.1). Cannot collapse.</summary>
    OneHot,

    /// <summary>Learned directions of length 1, rescaled to the unit sphere at every use, so that the norm cannot collapse. <see cref="NoPropOptions.EmbeddingInitialization"/> gives the first ones.</summary>
    LearnedUnitNorm,

    /// <summary>Learned and unconstrained, starting where <see cref="NoPropOptions.EmbeddingInitialization"/> says (paper, section 2.2.1). With the seed's losses it collapses: watch <see cref="EpochMetrics.EmbeddingNorm"/>.</summary>
    Learned,
}
