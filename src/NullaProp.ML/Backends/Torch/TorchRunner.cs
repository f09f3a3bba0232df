using System.Runtime.InteropServices;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Torch;

/// <summary>
/// Scores batches of images by a sampling plan. Holds only what is the same for every image, so any number of threads may use one runner.
/// </summary>
internal sealed class TorchRunner : IDisposable
{
    private readonly TorchModel _model;
    private readonly PlanInterpreter _interpreter;

    /// <summary>Prepares a plan for a model: everything that does not depend on the image is computed here, once.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">
    /// Where scoring starts and the noise on the way (<see cref="PriorDraws"/>); the probabilities of several starts are averaged.
    /// </param>
    public TorchRunner(Denoiser model, SamplingPlan plan, HostTensor draws)
        : this(new FoldedModel(model, plan, draws))
    {
    }

    /// <summary>Prepares a model whose layers are already multiplied out for a plan.</summary>
    /// <param name="folded">The model.</param>
    public TorchRunner(FoldedModel folded)
    {
        (Folded, _model) = (folded, new TorchModel(folded));
        _interpreter = new PlanInterpreter(folded.Plan, folded.Paths.Count);
    }

    /// <summary>Gets the model, multiplied out.</summary>
    public FoldedModel Folded { get; }

    /// <summary>Returns class probabilities.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), on any device.</param>
    /// <returns>Probabilities on the CPU, (B, K); each row sums to 1.</returns>
    public Tensor Probabilities(Tensor pixels) => Probabilities(pixels, votes: []);

    /// <summary>Returns class probabilities, and which class each start gives.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), on any device.</param>
    /// <param name="votes">Where to write the most probable class of each start, from 0, B × n; empty where nobody asks.</param>
    /// <returns>Probabilities on the CPU, (B, K); each row sums to 1.</returns>
    public Tensor Probabilities(Tensor pixels, Span<long> votes)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var rows = new TorchRows(_model, pixels, votes.IsEmpty ? 0 : Folded.Paths.Count);
        _interpreter.Run(rows);
        if (rows.Votes is { } classes)
        {
            MemoryMarshal.Cast<byte, long>(classes.cpu().bytes).CopyTo(votes);
        }

        return rows.Scores.cpu().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Returns class probabilities by the first evaluation alone, and those with the noisy label replaced by fresh noise at every
    /// evaluation, of the deviation that noise has there: what the image alone gives, a test for collapse. The image network runs once for
    /// both.
    /// </summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    /// <param name="stream">The source of noise.</param>
    /// <returns>Probabilities on the CPU, (B, K) each.</returns>
    public (Tensor First, Tensor FromNoise) Diagnosis(Tensor pixels, RandomStream stream)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var (count, network) = (pixels.shape[0], Folded.Model);
        var rows = new TorchRows(_model, pixels);
        new PlanInterpreter(Folded.Plan.EndingWithPrediction(0), Folded.Paths.Count).Run(rows);
        var noisy = rows.WithNoise(Noise);
        new PlanInterpreter(Folded.Plan with { EarlyExit = EarlyExit.Never }, starts: 1).Run(noisy);
        return (rows.Scores.cpu().MoveToOuterDisposeScope(), noisy.Scores.cpu().MoveToOuterDisposeScope());

        Tensor Noise(int stage)
        {
            using Scalar deviation = Folded.Plan.OutsideSpan?[stage] ?? 1; // flow matching's falls; others' z has variance 1
            var noise = stream.Normal([count, network.Embedding.Dimension], ScalarType.Float32).mul_(deviation);
            return noise.to(network.Weights.Device, disposeAfter: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
