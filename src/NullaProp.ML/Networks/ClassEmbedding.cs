using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>The class embeddings W, (K, D): row k is u, the clean label of class k.</summary>
internal sealed class ClassEmbedding
{
    private readonly EmbeddingKind _kind;
    private readonly Tensor? _learned;
    private readonly Device _device;

    /// <summary>Creates the embeddings.</summary>
    /// <param name="weights">The scope of the learned rows.</param>
    /// <param name="kind">The kind of embedding.</param>
    /// <param name="classes">K.</param>
    /// <param name="dimension">D of learned embeddings; for one-hot it is K.</param>
    public ClassEmbedding(WeightScope weights, EmbeddingKind kind, long classes, long dimension)
    {
        _kind = kind;
        Classes = classes;
        _device = weights.Owner.Device;
        Dimension = kind == EmbeddingKind.OneHot ? classes : dimension;
        _learned = kind switch
        {
            EmbeddingKind.OneHot => null,
            EmbeddingKind.LearnedUnitNorm => weights.Undecayed("rows", Initializers.OrthogonalRows(), classes, dimension),
            EmbeddingKind.Learned => weights.Undecayed("rows", Initializers.Normal(0.01), classes, dimension), // the seed's scale
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such embedding."),
        };
    }

    /// <summary>Gets K, the number of classes.</summary>
    public long Classes { get; }

    /// <summary>Gets D, the length of an embedding.</summary>
    public long Dimension { get; }

    /// <summary>Gets a value indicating whether training changes the embeddings.</summary>
    public bool IsLearned => _learned is not null;

    /// <summary>Returns W, (K, D).</summary>
    public Tensor Matrix() => _kind switch
    {
        EmbeddingKind.OneHot => eye(Classes, device: _device),
        EmbeddingKind.LearnedUnitNorm => nn.functional.normalize(_learned!, dim: 1),
        _ => _learned!.alias(),
    };
}
