using System.Runtime.InteropServices;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>Scores batches of images by a sampling plan. Holds only what is the same for every image, so any number of threads may use one runner.</summary>
internal sealed class PlanRunner : IDisposable
{
    private readonly Denoiser _model;
    private readonly SamplingPlan _plan;
    private readonly BatchModel _batch;

    // Made once and held: TorchSharp 0.107 frees a Scalar by its finalizer even while a native call reads it, so one made on the fly (by '+' or '* 0.5', too) fails
    // where another thread starts a garbage collection at that moment.
    private readonly Scalar _one = 1;
    private readonly Scalar _stateShare;
    private readonly StageFactors[] _factors; // by stage
    private readonly IReadOnlyList<double?> _sharesLeft;
    private readonly InfluenceFactors?[] _influences; // by stage

    /// <summary>Prepares a plan for a model: everything that does not depend on the image is computed here, once.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">Where scoring starts and the noise on the way (<see cref="Start"/>); the probabilities of several starts are averaged.</param>
    public PlanRunner(Denoiser model, SamplingPlan plan, HostTensor draws)
        : this(model, plan, new FoldedModel(model, plan, draws))
    {
    }

    /// <summary>Prepares a plan for a model whose layers are already multiplied out.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="folded">The model's layers, multiplied out for it.</param>
    public PlanRunner(Denoiser model, SamplingPlan plan, FoldedModel folded)
    {
        (_model, _plan, Folded, _batch) = (model, plan, folded, new BatchModel(model, folded));
        (_stateShare, _sharesLeft) = (plan.StateShare, plan.SharesLeft());
        _influences = [.. StateInfluence.Of(plan).Select(left => left is { } some ? new InfluenceFactors(some.State, some.Prediction, some.Left, some.Bound) : null)];
        _factors = [.. plan.Stages.Select(stage => new StageFactors(stage.State, stage.Prediction, stage.PreviousPrediction, stage.ScoreShare, stage.CleanLabel.State, stage.CleanLabel.Prediction))];
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
        var rows = new BatchRows(_model, _batch, pixels);
        var classes = votes.IsEmpty ? null : empty(pixels.shape[0], _batch.Paths.Count, dtype: ScalarType.Int64, device: rows.Sum.device); // (B, n)
        for (var start = 0; start < _batch.Paths.Count && rows.Any; start++)
        {
            var own = classes is null ? null : zeros_like(rows.Sum); // the score of this start alone, (B, K)
            FollowPath(rows, start, own, noise: null);
            classes?.select(1, start).copy_(own!.argmax(1));
        }

        if (classes is not null)
        {
            MemoryMarshal.Cast<byte, long>(classes.cpu().bytes).CopyTo(votes);
        }

        return rows.Scores(_batch.Paths.Count).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>Returns class probabilities with the noisy label replaced by fresh noise at every evaluation: what the image alone gives, a test for collapse.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    /// <param name="stream">The source of noise.</param>
    /// <returns>Probabilities on the CPU, (B, K).</returns>
    public Tensor ProbabilitiesFromNoise(Tensor pixels, RandomStream stream)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var rows = new BatchRows(_model, _batch, pixels);
        long[] shape = [pixels.shape[0], _model.Embedding.Dimension];
        FollowPath(rows, start: 0, own: null, () => stream.Normal(shape, ScalarType.Float32).to(rows.Sum.device));
        return rows.Scores(total: 1).cpu().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _batch.Dispose();

    // One way from a start. The state is q of z = r + q·W, 0 at the start; r is in the constants.
    private void FollowPath(BatchRows rows, int start, Tensor? own, Func<Tensor>? noise)
    {
        var path = _batch.Paths[start];
        rows.Restart();
        for (var i = 0; i < _plan.Stages.Count && rows.Any; i++)
        {
            Advance(rows, i, rows.ImageShare(_plan.Stages[i].Block), path.Stages[i], own, noise?.Invoke());
            var left = _sharesLeft[i] + _batch.Paths.Count - start - 1;
            if (noise is null && left > 0)
            {
                rows.LeaveDecided(_batch.Paths.Count - left.Value, left.Value);
            }
            else if (noise is null && _batch.Paths.Count == 1 && _influences[i] is { } influence)
            {
                LeaveDecided(rows, influence, path.State!);
            }
        }

        if (path.State is { } bias && rows.Any)
        {
            Add(_batch.Readout!.Probabilities(rows.Point!, bias), _stateShare, rows, own);
        }
    }

    // One evaluation, its share of the score, and the next point.
    private void Advance(BatchRows rows, int index, Tensor imageShare, BatchStage constants, Tensor? own, Tensor? noise)
    {
        using var scope = NewDisposeScope();
        var (stage, factors) = (_plan.Stages[index], _factors[index]);
        var logits = noise is null
            ? Evaluate(_batch.Blocks[stage.Block], _model.Blocks[stage.Block].Head, imageShare, rows.Point, constants)
            : _model.Blocks[stage.Block].Logits(imageShare, noise, tensor((float)stage.Time, device: noise.device).view(1, 1)).t(); // (K, n)
        var prediction = (_plan.Predicts == NetworkPrediction.Velocity ? logits : nn.functional.softmax(logits, 0)).t(); // (n, K)
        if (stage.ScoreShare != 0)
        {
            Add(_plan.Predicts == NetworkPrediction.Velocity ? CleanLabel(rows.Point, prediction, noise, factors, constants) : prediction, factors.ScoreShare, rows, own);
        }

        var point = prediction.mul(factors.Prediction); // (n, K)
        if (rows.State is { } state)
        {
            point.add_(state, factors.State);
        }

        if (stage.PreviousPrediction != 0)
        {
            point.add_(rows.Previous!, factors.PreviousPrediction);
        }

        rows.GoTo(point.MoveToOuterDisposeScope(), prediction.MoveToOuterDisposeScope(), stage.EndsStep);
    }

    // By the bound on what the rest of the way can do to the last state; the scores are those of the prediction held.
    private void LeaveDecided(BatchRows rows, InfluenceFactors left, Tensor bias)
    {
        var readout = _batch.Readout!;
        var known = rows.State!.mul(left.State).add_(rows.Previous!, left.Prediction); // (n, K)
        var logits = bias.addmm(known, readout.Matrix); // (n, K)
        var best = logits.argmax(1); // (n)
        var lead = logits.gather(1, best.unsqueeze(1)) - logits; // (n, K)
        var decided = lead.gt(readout.Spread!.index_select(0, best).mul_(left.Bound)).all(1); // (n)
        rows.Leave(decided, readout.Probabilities(known.add_(rows.Previous!, left.Left), bias));
    }

    // To the score of all starts and, where it is asked for, to that of this one.
    private static void Add(Tensor probabilities, Scalar share, BatchRows rows, Tensor? own)
    {
        rows.Sum.add_(probabilities, share);
        own?.add_(probabilities, share);
    }

    private Tensor Evaluate(BatchBlock block, FusionHead head, Tensor imageShare, Tensor? point, BatchStage constants)
    {
        var hidden = point is null ? constants.Label.relu() : constants.Label.addmm(point, block.LabelMatrix).relu_(); // (B, H) or (1, H)
        var joined = point is null ? imageShare.add(hidden.mm(block.LabelFold), _one) : imageShare.addmm(hidden, block.LabelFold); // (B, H)
        if (point is not null && block.ResidualMatrix is { } residual)
        {
            joined.addmm_(point, residual);
        }

        return head.TransposedLogits(joined.add_(constants.Head, _one)); // (K, n)
    }

    // What flow matching's clean label z + (1−t)·v says, (B, K).
    private Tensor CleanLabel(Tensor? point, Tensor prediction, Tensor? noise, StageFactors factors, BatchStage constants)
    {
        var added = prediction.mul(factors.CleanPrediction); // (B, K)
        return noise is null
            ? _batch.Readout!.Probabilities(point is null ? added : added.add_(point, factors.CleanState), constants.Readout!)
            : _batch.Readout!.ProbabilitiesOf(noise.mul(factors.CleanState).Plus(_model.Embedding.Current().Mixed(added)));
    }

    private sealed record InfluenceFactors(Scalar State, Scalar Prediction, Scalar Left, Scalar Bound);

    private sealed record StageFactors(Scalar State, Scalar Prediction, Scalar PreviousPrediction, Scalar ScoreShare, Scalar CleanState, Scalar CleanPrediction);
}
