using System.Numerics.Tensors;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Sampling;

/// <summary>The read-out of the noisy label, p(k|z) = softmax(R·z + r₀) with z = r + q·W, multiplied out so that it reads q.</summary>
internal sealed class FoldedReadout
{
    /// <summary>Multiplies out a model's read-out at the end of its way.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan, which decides whether <see cref="Spread"/> is needed.</param>
    public FoldedReadout(Denoiser model, SamplingPlan plan)
    {
        var embedding = model.Embedding.Rows(); // (K, D)
        (Rows, FirstBias) = model.Readout.Map(embedding, model.Schedule.Levels([1])[0]);
        var matrix = new float[embedding.Rows * Rows.Length];
        for (var k = 0; k < matrix.Length; k++)
        {
            matrix[k] = (float)HostKernels.Dot(embedding.Row(k / Rows.Length), Rows[k % Rows.Length]);
        }

        var product = new HostTensor([embedding.Rows, Rows.Length], matrix);
        Matrix = RowMatrix.Of(product);
        Spread = StateInfluence.Of(plan).Any(left => left is not null) ? SpreadOf(product) : null;
    }

    /// <summary>Gets R, (K, D).</summary>
    public double[][] Rows { get; }

    /// <summary>Gets r₀, (K).</summary>
    public double[] FirstBias { get; }

    /// <summary>Gets W·Rᵀ, (K, K): what it makes of q.</summary>
    public RowMatrix Matrix { get; }

    /// <summary>
    /// Gets by how much one class's logit can move against another's where q moves by a probability vector, (K, K); −1 for a class against itself, which nothing decides.
    /// <see langword="null"/> where no image may leave by its state.
    /// </summary>
    public HostTensor? Spread { get; }

    /// <summary>Returns the part of the logits that is the same for every image, (K).</summary>
    /// <param name="offset">r, (D).</param>
    public float[] Bias(double[] offset) => [.. Rows.Zip(FirstBias, (row, bias) => (float)(bias + TensorPrimitives.Dot<double>(row, offset)))];

    private static HostTensor SpreadOf(HostTensor matrix)
    {
        var classes = matrix.Rows;
        var spread = new HostTensor([classes, classes], new float[classes * classes]);
        var moves = new float[classes];
        for (var row = 0; row < classes; row++)
        {
            for (var k = 0; k < classes; k++)
            {
                var largest = spread.Values.AsSpan(k * classes, classes);
                TensorPrimitives.Subtract(matrix.Row(row), matrix.Row(row)[k], moves);
                TensorPrimitives.Abs<float>(moves, moves);
                TensorPrimitives.Max(largest, moves, largest);
            }
        }

        for (var k = 0; k < classes; k++)
        {
            spread.Values[(k * classes) + k] = -1;
        }

        return spread;
    }
}
