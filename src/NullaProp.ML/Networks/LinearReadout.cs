using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>A trained linear layer on z, as the paper reads the class (section 2.2.1).</summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="embedding">The class embeddings, for their sizes.</param>
internal sealed class LinearReadout(WeightScope weights, ClassEmbedding embedding) : LabelReadout
{
    private readonly Linear _layer = new(weights, embedding.Dimension, embedding.Classes);

    /// <inheritdoc/>
    public override Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level) => _layer.Forward(z); // (B, K)

    /// <inheritdoc/>
    public override (double[][] Matrix, double[] Bias) Map(HostTensor embedding, NoiseLevel level) =>
        (Rows(_layer.Weight.Host(), 1), [.. _layer.Bias.Host().Values.Select(value => (double)value)]);
}
