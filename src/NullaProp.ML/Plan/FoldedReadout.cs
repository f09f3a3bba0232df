using System.Numerics.Tensors;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Plan;

/// <summary>
/// The read-out of the noisy label, R·z + r₀ with z = r + q·W, multiplied out so that it reads q: by the matrix R·Wᵀ, by Wᵀ and R one
/// after the other where classes are many, or, with one-hot labels, by one number. The plan has its link.
/// </summary>
internal sealed class FoldedReadout
{
    // classes: a matrix of 1 MB; to measure how far its rows spread takes their number to the third
    private const int MostMultipliedOut = 512;

    /// <summary>Multiplies out a model's read-out at the end of its way.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan, which decides whether <see cref="Spread"/> is needed.</param>
    /// <param name="rows">W, (K, D); <see langword="null"/> for the identity.</param>
    public FoldedReadout(Denoiser model, SamplingPlan plan, HostTensor? rows)
    {
        OfLabel = model.Readout.Host(model.Embedding, model.Schedule.Levels([1])[0]);
        Layers = (OfLabel.Rows, rows) switch
        {
            (null, null) => [],
            ({ } readout, { } embedding) when readout.Rows <= MostMultipliedOut =>
                [readout.TimesTransposed(embedding).Scaled(OfLabel.Scale)],
            ({ } readout, { } embedding) => [embedding.Transposed(), readout.Scaled(OfLabel.Scale)],
            _ => throw new InvalidOperationException("A read-out by place is for one-hot embeddings, and no other is."),
        };
        Spread = Layers is [var matrix] && StateInfluence.Of(plan).Any(left => left is not null) ? SpreadOf(matrix) : null;
    }

    /// <summary>Gets the read-out of z.</summary>
    public HostReadout OfLabel { get; }

    /// <summary>
    /// Gets what it makes of q, (outputs, inputs) one after the other: R·Wᵀ, (K, K), or Wᵀ and R, which takes memory and time linear in K.
    /// None where that is <see cref="Scale"/> times q itself.
    /// </summary>
    public IReadOnlyList<HostTensor> Layers { get; }

    /// <summary>
    /// Gets the factor of q with one-hot labels, where a logit can move by no more against another where q moves by a probability vector.
    /// </summary>
    public double Scale => OfLabel.Scale;

    /// <summary>
    /// Gets by how much one class's logit can move against another's where q moves by a probability vector, (K, K); −1 for a class
    /// against itself, which nothing decides. <see langword="null"/> where no image may leave by its state, or where it is
    /// <see cref="Scale"/> for all. With more classes it is not measured, and no image leaves by its state.
    /// </summary>
    public HostTensor? Spread { get; }

    /// <summary>Returns the part of R·z + r₀ that is the same for every image, (K).</summary>
    /// <param name="offset">r, (D).</param>
    public float[] Bias(double[] offset) => Array.ConvertAll(OfLabel.Logits(offset), value => (float)value);

    private static HostTensor SpreadOf(HostTensor matrix)
    {
        var classes = matrix.Rows;
        var spread = new HostTensor([classes, classes], new float[classes * classes]);
        var moves = new float[classes];
        for (var k = 0; k < classes; k++)
        {
            for (var other = 0; other < classes; other++)
            {
                TensorPrimitives.Subtract(matrix.Row(k), matrix.Row(other), moves);
                spread.Values[(k * classes) + other] = other == k ? -1 : Math.Abs(TensorPrimitives.MaxMagnitude<float>(moves));
            }
        }

        return spread;
    }
}
