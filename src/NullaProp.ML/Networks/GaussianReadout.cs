using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>The posterior of Gaussian classes with means √ᾱ·u and variance 1−ᾱ, in closed form: ln p(k|z) = √ᾱ/(1−ᾱ)·⟨u, z⟩ − ½·SNR·‖u‖², up to a constant.</summary>
internal sealed class GaussianReadout : LabelReadout
{
    /// <inheritdoc/>
    public override (Tensor Matrix, Tensor Bias) Map(Tensor embedding, NoiseLevels level)
    {
        var scale = level.AlphaBar().sqrt() / level.NoiseVariance(); // (1, 1)
        var squaredNorm = embedding.Squared().sum(1); // (K)
        return (scale * embedding, level.Snr().squeeze(0).mul(HeldScalar.Half).neg() * squaredNorm);
    }

    /// <inheritdoc/>
    public override HostReadout Host(ClassEmbedding embedding, NoiseLevel level) => ByEmbedding(embedding, level.Signal / level.NoiseVariance, level.Snr);
}
