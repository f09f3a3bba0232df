using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>The read-out of the noisy label, p(k|z) = softmax(R·z + r₀) with z = r + q·W, multiplied out so that it reads q.</summary>
internal sealed class FoldedReadout : IDisposable
{
    private readonly Tensor _transposed; // Rᵀ, (D, K), in double precision
    private readonly Tensor _bias; // r₀, (1, K), in double precision

    /// <summary>Multiplies out a model's read-out at the end of its way.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan, which decides whether <see cref="Spread"/> is needed.</param>
    public FoldedReadout(Denoiser model, SamplingPlan plan)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var embedding = model.Embedding.Matrix(); // (K, D)
        var (matrix, bias) = model.Readout.Map(embedding, model.Schedule.At(ones(1, 1, device: embedding.device)));
        _transposed = matrix.to(ScalarType.Float64).t().DetachFromDisposeScope();
        _bias = bias.to(ScalarType.Float64).unsqueeze(0).DetachFromDisposeScope();
        Matrix = embedding.to(ScalarType.Float64).mm(_transposed).to(ScalarType.Float32).DetachFromDisposeScope();
        Spread = StateInfluence.Of(plan).Any(left => left is not null) ? SpreadOf(Matrix).DetachFromDisposeScope() : null;
    }

    /// <summary>Gets W·Rᵀ, (K, K): what it makes of q.</summary>
    public Tensor Matrix { get; }

    /// <summary>
    /// Gets by how much one class's logit can move against another's where q moves by a probability vector, (K, K); −1 for a class against itself, which nothing decides.
    /// <see langword="null"/> where no image may leave by its state.
    /// </summary>
    public Tensor? Spread { get; }

    /// <summary>Returns the part of the logits that is the same for every image, (1, K), which the caller disposes.</summary>
    /// <param name="offset">r, (1, D).</param>
    public Tensor Bias(Tensor offset)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        return _bias.addmm(offset.to(ScalarType.Float64), _transposed).to(ScalarType.Float32).DetachFromDisposeScope();
    }

    /// <summary>Returns the class probabilities of states.</summary>
    /// <param name="state">q, (B, K).</param>
    /// <param name="bias">From <see cref="Bias"/>, (1, K).</param>
    public Tensor Probabilities(Tensor state, Tensor bias) => nn.functional.softmax(bias.addmm(state, Matrix), 1); // (B, K)

    /// <summary>Returns the class probabilities of noisy labels given in full.</summary>
    /// <param name="z">(B, D).</param>
    public Tensor ProbabilitiesOf(Tensor z) => nn.functional.softmax(_bias.addmm(z.to(ScalarType.Float64), _transposed).to(ScalarType.Float32), 1); // (B, K)

    // Class by class: all at once would be K³ numbers.
    private static Tensor SpreadOf(Tensor matrix)
    {
        var spread = empty_like(matrix); // (K, K)
        for (var k = 0; k < matrix.shape[0]; k++)
        {
            using var scope = NewDisposeScope();
            spread.select(0, k).copy_((matrix - matrix.select(1, k).unsqueeze(1)).abs().amax([0]));
        }

        return spread - eye(matrix.shape[0], device: matrix.device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transposed.Dispose();
        _bias.Dispose();
        Matrix.Dispose();
        Spread?.Dispose();
    }
}
