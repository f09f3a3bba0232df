using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>The class embeddings W, (K, D): row k is u, the clean label of class k.</summary>
internal sealed class ClassEmbedding
{
    private const int DefaultDimension = 20; // paper, table 1

    private readonly EmbeddingKind _kind;
    private readonly Weight? _learned;

    /// <summary>Creates the embeddings.</summary>
    /// <param name="weights">The scope of the learned rows.</param>
    /// <param name="options">The kind, the first values and the dimension.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classes">K.</param>
    public ClassEmbedding(WeightScope weights, NoPropOptions options, ImageShape shape, long classes)
    {
        _kind = options.Embedding.Kind;
        Classes = classes;
        Dimension = DimensionOf(options, shape, classes);
        _learned = _kind switch
        {
            EmbeddingKind.OneHot => null,
            EmbeddingKind.LearnedUnitNorm or EmbeddingKind.Learned =>
                weights.Undecayed("rows", FirstRows(options.Embedding.Initialization), classes, Dimension),
            _ => throw new ArgumentOutOfRangeException(nameof(options), _kind, "No such embedding."),
        };
    }

    /// <summary>Gets K, the number of classes.</summary>
    public long Classes { get; }

    /// <summary>Gets D, the length of an embedding.</summary>
    public long Dimension { get; }

    /// <summary>Gets the number of directions that the rows span, min(K, D).</summary>
    public long Directions => Math.Min(Classes, Dimension);

    /// <summary>Gets a value indicating whether training changes the embeddings.</summary>
    public bool IsLearned => _learned is not null;

    /// <summary>Returns W as it is now, for the computations of one step.</summary>
    public LabelVectors Current() => _kind switch
    {
        EmbeddingKind.OneHot => new OneHotVectors(Classes),
        EmbeddingKind.LearnedUnitNorm => new LearnedVectors(nn.functional.normalize(_learned!.Value, dim: 1)),
        _ => new LearnedVectors(_learned!.Value.alias()),
    };

    /// <summary>
    /// Returns W in managed memory, (K, D); <see langword="null"/> for one-hot embeddings, where W is the identity: a class is a place, and
    /// nothing
    /// is to be multiplied.
    /// </summary>
    public HostTensor? Rows() => _kind switch
    {
        EmbeddingKind.OneHot => null,
        EmbeddingKind.LearnedUnitNorm => _learned!.Host().WithRowsOfLengthOne(),
        _ => _learned!.Host(),
    };

    /// <summary>Returns the mean Euclidean norm of the rows.</summary>
    public double MeanNorm()
    {
        var rows = Rows();
        return rows is null ? 1 : Enumerable.Range(0, rows.Rows).Average(rows.Norm);
    }

    /// <summary>Sets learned rows, before training.</summary>
    /// <param name="rows">The rows, (K, D); none may be 0 where only directions are kept.</param>
    /// <exception cref="InvalidOperationException">The embeddings are fixed.</exception>
    public void StartAt(Tensor rows)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var learned = _learned?.Value ?? throw new InvalidOperationException("The embeddings are fixed.");
        // of length 1, so that a step turns all directions alike
        learned.copy_(_kind == EmbeddingKind.LearnedUnitNorm ? nn.functional.normalize(rows, dim: 1) : rows);
    }

    private static long DimensionOf(
        NoPropOptions options,
        ImageShape shape,
        long classes) => (options.Embedding.Kind, options.Embedding.Initialization) switch
        {
            (EmbeddingKind.OneHot, _) => classes,
            (_, EmbeddingInitialization.FeatureMedoidBySum or EmbeddingInitialization.FeatureMedoidByMedian) => options.HiddenSize,
            (_, EmbeddingInitialization.PixelMedoid) => shape.Size,
            _ => options.Embedding.Dimension ?? DefaultDimension,
        };

    private static Initializer FirstRows(EmbeddingInitialization initialization) => initialization switch
    {
        EmbeddingInitialization.Orthogonal => Initializers.OrthogonalRows(),
        EmbeddingInitialization.SmallNormal => Initializers.Normal(0.01), // the JAX reference's scale
        _ => Initializers.Constant(0), // until images are chosen
    };
}
