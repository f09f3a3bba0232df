using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// Reads flow matching's clean label z̃₁ where embeddings are one-hot. The squared error is least where z̃₁ = z + (1−t)·v is E[u|z, x],
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
