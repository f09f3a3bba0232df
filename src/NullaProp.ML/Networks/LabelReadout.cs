using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Reads the class from a noisy label alone, without the image, by R·z + r and a link, the softmax for most.</summary>
internal abstract class LabelReadout
{
    /// <summary>Gets what makes probabilities of R·z + r.</summary>
    public virtual ReadoutLink Link => ReadoutLink.SoftMax;

    /// <summary>Returns the read-out in managed memory.</summary>
    /// <param name="embedding">The class embeddings.</param>
    /// <param name="level">The noise level of z.</param>
    public abstract HostReadout Host(ClassEmbedding embedding, NoiseLevel level);

    /// <summary>Returns the logits of noisy labels, whose softmax is p(k|z) whatever the link.</summary>
    /// <param name="z">Noisy label embeddings, (B, D).</param>
    /// <param name="embedding">The class embeddings W.</param>
    /// <param name="level">The noise level of z, (1, 1).</param>
    public abstract Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level); // (B, K)

    /// <summary>
    /// Returns the read-out by each class's own embedding: <paramref name="scale"/>·⟨u, z⟩ − ½·<paramref name="precision"/>·‖u‖².
    /// </summary>
    /// <param name="embedding">The class embeddings.</param>
    /// <param name="scale">The factor of the inner product.</param>
    /// <param name="precision">The factor of half the squared norm.</param>
    protected static HostReadout ByEmbedding(ClassEmbedding embedding, double scale, double precision)
    {
        var rows = embedding.Rows();
        var norms = Enumerable.Range(0, (int)embedding.Classes).Select(k => rows?.Norm(k) ?? 1);
        return new(scale, rows, [.. norms.Select(norm => -0.5 * precision * norm * norm)]);
    }
}

/// <summary>What makes class probabilities of the numbers R·z + r.</summary>
/// <param name="Floor">
/// What each number is raised to before all are divided by their sum, where they estimate the probabilities themselves;
/// <see langword="null"/> where they are logits.
/// </param>
internal sealed record ReadoutLink(double? Floor)
{
    /// <summary>Gets the link of logits.</summary>
    public static ReadoutLink SoftMax { get; } = new(Floor: null);

    /// <summary>
    /// Returns the link of estimated probabilities, max(x, 0.01/K) over the sum: an estimate may fall below 0, a probability may not.
    /// </summary>
    /// <param name="classes">K.</param>
    public static ReadoutLink Proportions(long classes) => new(0.01 / classes);
}

/// <summary>A read-out R·z + r in managed memory.</summary>
/// <param name="Scale">What every row is multiplied by.</param>
/// <param name="Rows">
/// R divided by the scale, (K, D); <see langword="null"/> for the identity: with one-hot labels class k is read from place k.
/// </param>
/// <param name="Bias">r, (K).</param>
internal sealed record HostReadout(double Scale, HostTensor? Rows, double[] Bias)
{
    /// <summary>Returns the logits of a noisy label, (K).</summary>
    /// <param name="z">The label, (D).</param>
    public double[] Logits(double[] z)
    {
        var read = Rows is null ? z : Rows.Times(z);
        return [.. read.Zip(Bias, (x, bias) => (Scale * x) + bias)];
    }
}

/// <summary>A trained linear layer on z, as the paper reads the class (section 2.2.1).</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="embedding">The class embeddings, for their sizes.</param>
internal sealed class LinearReadout(WeightScope weights, ClassEmbedding embedding) : LabelReadout
{
    private readonly Linear _layer = new(weights, embedding.Dimension, embedding.Classes);

    /// <inheritdoc/>
    public override Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level) => _layer.Forward(z); // (B, K)

    /// <inheritdoc/>
    public override HostReadout Host(ClassEmbedding embedding, NoiseLevel level)
    {
        var layer = _layer.Host();
        return new(Scale: 1, layer.Weight, [.. layer.Bias.Values.Select(value => (double)value)]);
    }
}

/// <summary>
/// The posterior of Gaussian classes with means √ᾱ·u and variance 1−ᾱ, in closed form: ln p(k|z) = √ᾱ/(1−ᾱ)·⟨u, z⟩ − ½·SNR·‖u‖², up to a
/// constant.
/// </summary>
internal sealed class GaussianReadout : LabelReadout
{
    /// <inheritdoc/>
    public override Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level)
    {
        var scale = level.AlphaBar().sqrt() / level.NoiseVariance(); // (1, 1)
        var halfNorms = level.Snr().squeeze(0).mul(HeldScalar.Half) * embedding.SquaredNorms(z.device); // (K) or (1)
        return (scale * embedding.Products(z)) - halfNorms; // (B, K)
    }

    /// <inheritdoc/>
    public override HostReadout Host(ClassEmbedding embedding, NoiseLevel level) =>
        ByEmbedding(embedding, level.Signal / level.NoiseVariance, level.Snr);
}
