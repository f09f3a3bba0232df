using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The class embeddings W, (K, D), at one moment, and the products with them. A one-hot label is an index: what it costs is linear in K.
/// </summary>
internal abstract class LabelVectors
{
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
    public override Tensor Of(Tensor labels) => rows.index_select(0, labels);

    /// <inheritdoc/>
    public override Tensor Mixed(Tensor shares) => shares.mm(rows);

    /// <inheritdoc/>
    public override Tensor Products(Tensor z) => z.mm(rows.t());

    /// <inheritdoc/>
    public override Tensor SquaredNorms(Device device) => rows.Squared().sum(1);
}
