using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// Reads flow matching's clean label z̃₁ by its distance to each learned embedding, ln p(k|z̃₁) = −½·β·‖z̃₁ − u‖² up to a constant, with a
/// trained precision β: the class is that of the nearest embedding, as in the paper (section 2.2.3). The anchor trains network, embeddings
/// and β by this very link, so that z̃₁ is no plain E[u|z, x].
/// </summary>
/// <param name="weights">The scope of ln β.</param>
internal sealed class NearestReadout(WeightScope weights) : LabelReadout
{
    private static readonly Scalar MinusHalf = -0.5;

    // β = 8 at the start: between two classes one unit apart the odds are e⁴.
    private readonly Weight _logPrecision = weights.Undecayed("log_precision", Initializers.Constant(Math.Log(8)), 1);

    /// <inheritdoc/>
    public override Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level) =>
        _logPrecision.Value.exp() * embedding.Products(z).add(embedding.SquaredNorms(z.device), MinusHalf); // (B, K)

    /// <inheritdoc/>
    public override HostReadout Host(ClassEmbedding embedding, NoiseLevel level)
    {
        var precision = Math.Exp(_logPrecision.Host().Values[0]);
        return ByEmbedding(embedding, precision, precision);
    }
}

/// <summary>
/// Reads flow matching's clean label z̃₁ where embeddings are one-hot. The squared error is least where z̃₁, z + (1−t)·v, is E[u|z, x],
/// and the expected one-hot label is the vector of class probabilities itself: nothing is to be trained, and a softmax would be wrong.
/// </summary>
/// <param name="classes">K.</param>
internal sealed class ProportionReadout(long classes) : LabelReadout
{
    /// <inheritdoc/>
    public override ReadoutLink Link { get; } = ReadoutLink.Proportions(classes);

    /// <inheritdoc/>
    /// <remarks>Their own logarithms, so that a softmax of them is what the link makes of z.</remarks>
    public override Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level)
    {
        using Scalar floor = Link.Floor!.Value;
        return z.clamp_min(floor).log(); // (B, K)
    }

    /// <inheritdoc/>
    public override HostReadout Host(ClassEmbedding embedding, NoiseLevel level) =>
        new(Scale: 1, Rows: null, new double[embedding.Classes]);
}
