using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

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
