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
    /// nothing is to be multiplied.
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

/// <summary>
/// The class embeddings W, (K, D), at one moment, and the products with them. A one-hot label is an index: what it costs is linear in K.
/// </summary>
internal abstract class LabelVectors
{
    /// <summary>Gets D, the length of an embedding.</summary>
    public abstract long Dimension { get; }

    /// <summary>Returns the clean label of each row.</summary>
    /// <param name="labels">Class indices, (B).</param>
    public abstract Tensor Of(Tensor labels); // u, (B, D)

    /// <summary>Returns sums of embeddings.</summary>
    /// <param name="shares">How much of each class, (B, K).</param>
    public abstract Tensor Mixed(Tensor shares); // shares·W, (B, D)

    /// <summary>Returns the inner product of each noisy label with each class.</summary>
    /// <param name="z">Noisy labels, (B, D).</param>
    public abstract Tensor Products(Tensor z); // z·Wᵀ, (B, K)

    /// <summary>Returns the squared norm of each class, or one number where all are alike.</summary>
    /// <param name="device">Where to.</param>
    public abstract Tensor SquaredNorms(Device device); // (K) or (1)
}

/// <summary>The unit vectors of K dimensions.</summary>
/// <param name="classes">K.</param>
internal sealed class OneHotVectors(long classes) : LabelVectors
{
    /// <inheritdoc/>
    public override long Dimension => classes;

    /// <inheritdoc/>
    public override Tensor Of(Tensor labels)
    {
        var one = ones(labels.shape[0], 1, dtype: ScalarType.Float32, device: labels.device); // (B, 1)
        return zeros(labels.shape[0], classes, dtype: ScalarType.Float32, device: labels.device).scatter_(1, labels.unsqueeze(1), one);
    }

    /// <inheritdoc/>
    public override Tensor Mixed(Tensor shares) => shares;

    /// <inheritdoc/>
    public override Tensor Products(Tensor z) => z;

    /// <inheritdoc/>
    public override Tensor SquaredNorms(Device device) => ones(1, dtype: ScalarType.Float32, device: device);
}

/// <summary>Rows that training changes.</summary>
/// <param name="rows">W, (K, D).</param>
internal sealed class LearnedVectors(Tensor rows) : LabelVectors
{
    /// <inheritdoc/>
    public override long Dimension => rows.shape[1];

    /// <inheritdoc/>
    public override Tensor Of(Tensor labels) => rows.index_select(0, labels);

    /// <inheritdoc/>
    public override Tensor Mixed(Tensor shares) => shares.mm(rows);

    /// <inheritdoc/>
    public override Tensor Products(Tensor z) => z.mm(rows.t());

    /// <inheritdoc/>
    public override Tensor SquaredNorms(Device device) => rows.Squared().sum(1);
}
