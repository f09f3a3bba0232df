using System.Runtime.InteropServices;
using NullaProp.ML.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>Scores batches of images by a sampling plan. Holds only what is the same for every image, so any number of threads may use one runner.</summary>
internal sealed class PlanRunner : IDisposable
{
    private readonly Denoiser _model;
    private readonly SamplingPlan _plan;

    // Made once and held: TorchSharp 0.107 frees a Scalar by its finalizer even while a native call reads it, so one made on the fly (by '+' or '* 0.5', too) fails
    // where another thread starts a garbage collection at that moment.
    private readonly Scalar _one = 1;
    private readonly Scalar _pathCount;
    private readonly Scalar _stateShare;
    private readonly StageFactors[] _factors; // by stage

    /// <summary>Prepares a plan for a model: everything that does not depend on the image is computed here, once.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">Where scoring starts and the noise on the way (<see cref="Start"/>); the probabilities of several starts are averaged.</param>
    public PlanRunner(Denoiser model, SamplingPlan plan, Tensor draws)
    {
        (_model, _plan, Folded) = (model, plan, new FoldedModel(model, plan, draws));
        _pathCount = Folded.Paths.Count;
        _stateShare = plan.StateShare;
        _factors = [.. plan.Stages.Select(stage => new StageFactors(stage.State, stage.Prediction, stage.PreviousPrediction, stage.ScoreShare, 1 - stage.Time))];
    }

    /// <summary>Gets the model's multiplied-out layers, and what each start adds.</summary>
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
        var shares = ImageShares(pixels);
        var sum = zeros(pixels.shape[0], _model.ClassCount, device: _model.Weights.Device); // (B, K)
        var classes = votes.IsEmpty ? null : empty(pixels.shape[0], Folded.Paths.Count, dtype: ScalarType.Int64, device: sum.device); // (B, n)
        for (var start = 0; start < Folded.Paths.Count; start++)
        {
            using var path = NewDisposeScope();
            Tensor[] sums = classes is null ? [sum] : [sum, zeros_like(sum)]; // of all starts, and of this one
            FollowPath(shares, Folded.Paths[start], sums, noise: null);
            classes?.select(1, start).copy_(sums[1].argmax(1));
        }

        if (classes is not null)
        {
            MemoryMarshal.Cast<byte, long>(classes.cpu().bytes).CopyTo(votes);
        }

        return sum.div_(_pathCount).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>Returns class probabilities with the noisy label replaced by fresh noise at every evaluation: what the image alone gives, a test for collapse.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    /// <param name="generator">The source of noise, on the CPU.</param>
    /// <returns>Probabilities on the CPU, (B, K).</returns>
    public Tensor ProbabilitiesFromNoise(Tensor pixels, Generator generator)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var sum = zeros(pixels.shape[0], _model.ClassCount, device: _model.Weights.Device); // (B, K)
        FollowPath(ImageShares(pixels), Folded.Paths[0], [sum], () => randn(pixels.shape[0], _model.Embedding.Dimension, generator: generator).to(sum.device));
        return sum.cpu().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => Folded.Dispose();

    // The image's share of each block's head, (B, H), once per image.
    private Dictionary<int, Tensor> ImageShares(Tensor pixels)
    {
        var images = _model.Normalization.Apply(pixels.to(_model.Weights.Device)); // (B, C, H, W)
        return Folded.Blocks.ToDictionary(block => block.Key, block => block.Value.ImageShare(images));
    }

    // One way from a start; adds the score to sums, (B, K) each. The state is q of z = r + q·W, 0 at the start; r is in the constants.
    private void FollowPath(Dictionary<int, Tensor> imageShares, PathConstants path, Tensor[] sums, Func<Tensor>? noise)
    {
        Tensor? state = null, point = null, previous = null; // (B, K)
        for (var i = 0; i < _plan.Stages.Count; i++)
        {
            var (stage, factors, constants) = (_plan.Stages[i], _factors[i], path.Stages[i]);
            var z = noise?.Invoke(); // (B, D)
            var logits = z is null
                ? Evaluate(Folded.Blocks[stage.Block], _model.Blocks[stage.Block].Head, imageShares[stage.Block], point, constants)
                : _model.Blocks[stage.Block].Logits(imageShares[stage.Block], z, full(1, 1, stage.Time, dtype: ScalarType.Float32, device: z.device)); // (B, K)
            var prediction = _plan.Predicts == NetworkPrediction.Velocity ? logits : nn.functional.softmax(logits, 1); // (B, K)
            if (stage.ScoreShare != 0)
            {
                Add(_plan.Predicts == NetworkPrediction.Velocity ? CleanLabel(point, logits, z, factors, constants) : prediction, factors.ScoreShare, sums);
            }

            point = prediction.mul(factors.Prediction);
            if (state is not null)
            {
                point.add_(state, factors.State);
            }

            if (stage.PreviousPrediction != 0)
            {
                point.add_(previous!, factors.PreviousPrediction);
            }

            state = stage.EndsStep ? point : state;
            previous = prediction;
        }

        if (path.State is { } bias)
        {
            Add(Folded.Readout!.Probabilities(point!, bias), _stateShare, sums);
        }
    }

    private static void Add(Tensor probabilities, Scalar share, Tensor[] sums)
    {
        foreach (var sum in sums)
        {
            sum.add_(probabilities, share);
        }
    }

    private Tensor Evaluate(FoldedBlock block, FusionHead head, Tensor imageShare, Tensor? point, StageConstants constants)
    {
        var hidden = point is null ? constants.Label.relu() : constants.Label.addmm(point, block.LabelMatrix).relu_(); // (B, H) or (1, H)
        var joined = point is null ? imageShare.add(hidden.mm(block.LabelFold), _one) : imageShare.addmm(hidden, block.LabelFold); // (B, H)
        if (point is not null && block.ResidualMatrix is { } residual)
        {
            joined.addmm_(point, residual);
        }

        return head.Logits(joined.add_(constants.Head, _one)); // (B, K)
    }

    // What flow matching's clean label z + (1−t)·v says, (B, K).
    private Tensor CleanLabel(Tensor? point, Tensor logits, Tensor? noise, StageFactors factors, StageConstants constants)
    {
        var rest = logits.mul(factors.RemainingTime); // (B, K)
        return noise is null
            ? Folded.Readout!.Probabilities(point is null ? rest : rest.add_(point, _one), constants.Readout!)
            : Folded.Readout!.ProbabilitiesOf(noise.addmm(rest, _model.Embedding.Matrix()));
    }

    private sealed record StageFactors(Scalar State, Scalar Prediction, Scalar PreviousPrediction, Scalar ScoreShare, Scalar RemainingTime);
}
