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
    private readonly (Scalar State, Scalar Prediction, Scalar PreviousPrediction, Scalar ScoreShare)[] _factors; // by stage

    /// <summary>Prepares a plan for a model: everything that does not depend on the image is computed here, once.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="starts">Where scoring starts, (n, D); the probabilities of several starts are averaged.</param>
    public PlanRunner(Denoiser model, SamplingPlan plan, Tensor starts)
    {
        using var scope = NewDisposeScope();
        (_model, _plan, Folded) = (model, plan, new FoldedModel(model));
        var points = starts.to(model.Weights.Device); // (n, D)
        var shares = plan.StartShares();
        Biases = [.. Enumerable.Range(0, (int)points.shape[0]).Select(row =>
            plan.Stages.Select((stage, i) => Folded.Biases(points.narrow(0, row, 1), shares[i], stage.Time)).ToArray())];
        _pathCount = Biases.Count;
        _factors = [.. plan.Stages.Select(stage => ((Scalar)stage.State, (Scalar)stage.Prediction, (Scalar)stage.PreviousPrediction, (Scalar)stage.ScoreShare))];
    }

    /// <summary>Gets the model's multiplied-out layers.</summary>
    public FoldedModel Folded { get; }

    /// <summary>Gets what each stage adds from each start, by start and stage: the bias of the label's first layer and that of the head's, (1, H) each.</summary>
    public IReadOnlyList<(Tensor Label, Tensor Head)[]> Biases { get; }

    /// <summary>Returns class probabilities.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), on any device.</param>
    /// <returns>Probabilities on the CPU, (B, K); each row sums to 1.</returns>
    public Tensor Probabilities(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var imageShare = Folded.ImageShare(pixels.to(_model.Weights.Device)); // (B, H), once per image
        var sum = zeros(pixels.shape[0], _model.ClassCount, device: imageShare.device); // (B, K)
        foreach (var biases in Biases)
        {
            using var path = NewDisposeScope();
            FollowPath(imageShare, biases, sum);
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
        var imageShare = Folded.ImageShare(pixels.to(_model.Weights.Device)); // (B, H)
        var score = zeros(pixels.shape[0], _model.ClassCount, device: imageShare.device); // (B, K)
        foreach (var (stage, factors) in _plan.Stages.Zip(_factors))
        {
            using var evaluation = NewDisposeScope();
            var noise = randn(pixels.shape[0], _model.Embedding.Dimension, generator: generator).to(imageShare.device); // (B, D)
            var time = full(1, 1, stage.Time, dtype: ScalarType.Float32, device: imageShare.device); // (1, 1)
            score.add_(nn.functional.softmax(_model.Logits(imageShare, noise, time), 1), alpha: factors.ScoreShare);
        }

        return score.cpu().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Folded.Dispose();
        foreach (var (label, head) in Biases.SelectMany(stages => stages))
        {
            label.Dispose();
            head.Dispose();
        }
    }

    // One way from a start; adds the score to a sum, (B, K). The state is q of z = c·z₀ + q·W, 0 at the start; c is in the biases.
    private void FollowPath(Tensor imageShare, (Tensor Label, Tensor Head)[] biases, Tensor sum)
    {
        Tensor? state = null, point = null, previous = null; // (B, K)
        for (var i = 0; i < _plan.Stages.Count; i++)
        {
            var (stage, factors) = (_plan.Stages[i], _factors[i]);
            var probabilities = Evaluate(imageShare, point, biases[i]); // (B, K)
            sum.add_(probabilities, factors.ScoreShare);
            point = probabilities.mul(factors.Prediction);
            if (state is not null)
            {
                point.add_(state, factors.State);
            }

            if (stage.PreviousPrediction != 0)
            {
                point.add_(previous!, factors.PreviousPrediction);
            }

            state = stage.EndsStep ? point : state;
            previous = probabilities;
        }
    }

    private Tensor Evaluate(Tensor imageShare, Tensor? point, (Tensor Label, Tensor Head) bias)
    {
        var hidden = point is null ? bias.Label.relu() : bias.Label.addmm(point, Folded.LabelMatrix).relu_(); // (B, H) or (1, H)
        var joined = point is null ? imageShare.add(hidden.mm(Folded.LabelFold), _one) : imageShare.addmm(hidden, Folded.LabelFold); // (B, H)
        if (point is not null && Folded.ResidualMatrix is { } residual)
        {
            joined.addmm_(point, residual);
        }

        return nn.functional.softmax(_model.Head.Logits(joined.add_(bias.Head, _one)), 1); // (B, K)
    }
}
