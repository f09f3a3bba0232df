using NullaProp.ML.Diffusion;
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
    public override HostReadout Host(ClassEmbedding embedding, NoiseLevel level)
    {
        var layer = _layer.Host();
        return new(Scale: 1, layer.Weight, [.. layer.Bias.Values.Select(value => (double)value)]);
    }
}
