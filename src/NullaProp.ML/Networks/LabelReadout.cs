using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Reads the class from a noisy label alone, without the image: p(k|z) = softmax(R·z + r).</summary>
internal abstract class LabelReadout
{
    /// <summary>Returns R, (K, D), and r, (K), in managed memory and double precision.</summary>
    /// <param name="embedding">The class embeddings W, (K, D).</param>
    /// <param name="level">The noise level of z.</param>
    public abstract (double[][] Matrix, double[] Bias) Map(HostTensor embedding, NoiseLevel level);

    /// <summary>Returns the logits of noisy labels.</summary>
    /// <param name="z">Noisy label embeddings, (B, D).</param>
    /// <param name="embedding">The class embeddings W.</param>
    /// <param name="level">The noise level of z, (1, 1).</param>
    public abstract Tensor Logits(Tensor z, LabelVectors embedding, NoiseLevels level); // (B, K)

    /// <summary>Returns the rows of a matrix, each multiplied by a factor.</summary>
    /// <param name="matrix">(K, D).</param>
    /// <param name="factor">The factor.</param>
    protected static double[][] Rows(HostTensor matrix, double factor) =>
        [.. Enumerable.Range(0, matrix.Rows).Select(k => matrix.Row(k).ToArray().Select(value => factor * value).ToArray())];

    /// <summary>Returns the squared norm of each row.</summary>
    /// <param name="matrix">(K, D).</param>
    protected static IEnumerable<double> SquaredNorms(HostTensor matrix) => Rows(matrix, 1).Select(row => row.Sum(value => value * value));

    /// <summary>Creates the read-out that the options name.</summary>
    /// <param name="weights">The scope of its weights.</param>
    /// <param name="options">The variant, the kind of embedding and of read-out.</param>
    /// <param name="embedding">The class embeddings.</param>
    public static LabelReadout Create(WeightScope weights, NoPropOptions options, ClassEmbedding embedding)
    {
        var isLinear = options.ReadoutLoss == ReadoutLoss.Linear || (options.Variant == NoPropVariant.DiscreteTime && options.ReadoutLoss == ReadoutLoss.NoisyLabel);
        if (embedding.IsLearned && isLinear)
        {
            return new LinearReadout(weights, embedding);
        }

        return options.Variant == NoPropVariant.FlowMatching ? new NearestReadout(weights) : new GaussianReadout();
    }
}
