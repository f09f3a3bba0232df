using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>The clean labels u of a batch, (B, D), written out when somebody asks for them, which of one-hot ones few do.</summary>
/// <param name="Embedding">W, at this step.</param>
/// <param name="Classes">Class indices, (B).</param>
internal sealed record CleanLabels(LabelVectors Embedding, Tensor Classes)
{
    private Tensor? _values;

    /// <summary>Gets u, (B, D).</summary>
    public Tensor Values => _values ??= Embedding.Of(Classes);

    /// <summary>Gets the shape of u.</summary>
    public long[] Shape => [Classes.shape[0], Embedding.Dimension];

    /// <summary>Gets where the labels are.</summary>
    public Device Device => Classes.device;
}

/// <summary>
/// Noisy labels z = √ᾱ·u + √(1−ᾱ)·ε of a batch, (B, D), as a network's first layer reads them. A one-hot label can be longer than what
/// that layer makes of it. Then z is never written out: A·u is a column of A, the noise alone is multiplied, in the numbers of the image
/// network, and a schedule that is trained has its gradient from the products.
/// </summary>
/// <param name="Levels">The levels, (B, 1) or (1, 1).</param>
/// <param name="Clean">The clean labels u.</param>
/// <param name="Epsilon">Standard normal noise ε, (B, D).</param>
/// <param name="Precision">The numbers in which the noise is multiplied where z is not written out.</param>
internal sealed record NoisyLabels(NoiseLevels Levels, CleanLabels Clean, Tensor Epsilon, ScalarType Precision)
{
    /// <summary>Gets a value indicating whether the labels are one-hot.</summary>
    public bool AreOneHot => Clean.Embedding is OneHotVectors;

    /// <summary>Returns z, (B, D).</summary>
    public Tensor Values() => Levels.AddNoise(Clean.Values, Epsilon);

    /// <summary>Returns A·c·z + b by the parts of z; for one-hot labels.</summary>
    /// <param name="layer">A and b.</param>
    /// <param name="factor">c.</param>
    public Tensor Through(Linear layer, Scalar factor)
    {
        var ofClass = layer.Weight.Value.index_select(1, Clean.Classes).t(); // A·u, (B, H)
        var ofNoise = Epsilon.to(Precision).mm(layer.Weight.Value.to(Precision).t()).to(ScalarType.Float32); // A·ε, (B, H)
        var (signal, deviation) = (Levels.AlphaBar().sqrt().mul(factor), Levels.NoiseVariance().sqrt().mul(factor)); // (B, 1)
        return (deviation * ofNoise).Plus(signal * ofClass).Plus(layer.Bias.Value); // (B, H)
    }
}
