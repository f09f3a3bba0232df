using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>A <see cref="FoldedReadout"/> as tensors.</summary>
/// <param name="Matrix">W·Rᵀ, (K, K).</param>
/// <param name="Spread">(K, K), where an image may leave by its state.</param>
/// <param name="Transposed">Rᵀ, (D, K), in double precision.</param>
/// <param name="FirstBias">r₀, (1, K), in double precision.</param>
internal sealed record BatchReadout(Tensor Matrix, Tensor? Spread, Tensor Transposed, Tensor FirstBias)
{
    /// <summary>Returns the class probabilities of states.</summary>
    /// <param name="state">q, (B, K).</param>
    /// <param name="bias">What is the same for every image, (1, K).</param>
    public Tensor Probabilities(Tensor state, Tensor bias) => nn.functional.softmax(bias.addmm(state, Matrix), 1); // (B, K)

    /// <summary>Returns the class probabilities of noisy labels given in full.</summary>
    /// <param name="z">(B, D).</param>
    public Tensor ProbabilitiesOf(Tensor z) => nn.functional.softmax(FirstBias.addmm(z.to(ScalarType.Float64), Transposed).to(ScalarType.Float32), 1); // (B, K)
}
