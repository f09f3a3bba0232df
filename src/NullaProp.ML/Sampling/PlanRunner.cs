using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>Scores batches of images by a sampling plan. Holds only what is the same for every image, so any number of threads may use one runner.</summary>
internal sealed class PlanRunner : IDisposable
{
    private readonly Denoiser _model;
    private readonly SamplingPlan _plan;
    private readonly Tensor _embedding;
    private readonly Tensor _starts;
    private readonly Tensor[] _timeShares;

    /// <summary>Prepares a plan for a model: embeddings and time path are computed here, once.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="starts">Where scoring starts, (n, D); the probabilities of several starts are averaged.</param>
    public PlanRunner(Denoiser model, SamplingPlan plan, Tensor starts)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        _model = model;
        _plan = plan;
        var device = model.Weights.Device;
        _embedding = model.Embedding.Matrix().to(device, copy: true).DetachFromDisposeScope(); // (K, D)
        _starts = starts.to(device, copy: true).DetachFromDisposeScope(); // (n, D)
        _timeShares = [.. plan.Stages.Select(stage => model.TimeShare(full(1, 1, stage.Time, dtype: ScalarType.Float32, device: device)).DetachFromDisposeScope())]; // (1, H) each
    }

    /// <summary>Returns class probabilities.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W), on any device.</param>
    /// <returns>Probabilities on the CPU, (B, K); each row sums to 1.</returns>
    public Tensor Probabilities(Tensor pixels)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var imageShare = _model.ImageShare(pixels.to(_model.Weights.Device)); // (B, H), once per image
        var sum = zeros(pixels.shape[0], _model.ClassCount, device: _model.Weights.Device); // (B, K)
        for (var i = 0; i < _starts.shape[0]; i++)
        {
            using var step = NewDisposeScope();
            sum.add_(FollowPath(imageShare, _starts.narrow(0, i, 1)));
        }

        return (sum / _starts.shape[0]).cpu().MoveToOuterDisposeScope();
    }

    /// <summary>Returns class probabilities with the noisy label replaced by fresh noise at every evaluation: what the image alone gives, a test for collapse.</summary>
    /// <param name="pixels">Raw pixels, (B, C, H, W).</param>
    /// <param name="generator">The source of noise, on the CPU.</param>
    /// <returns>Probabilities on the CPU, (B, K).</returns>
    public Tensor ProbabilitiesFromNoise(Tensor pixels, Generator generator)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var device = _model.Weights.Device;
        var imageShare = _model.ImageShare(pixels.to(device)); // (B, H)
        var score = zeros(pixels.shape[0], _model.ClassCount, device: device); // (B, K)
        for (var i = 0; i < _plan.Stages.Count; i++)
        {
            var noise = randn(pixels.shape[0], _embedding.shape[1], generator: generator).to(device); // (B, D)
            score.add_(Evaluate(imageShare, noise, i), alpha: _plan.Stages[i].ScoreShare);
        }

        return score.cpu().MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _embedding.Dispose();
        _starts.Dispose();
        foreach (var share in _timeShares)
        {
            share.Dispose();
        }
    }

    // One way from a start, (1, D), to the score, (B, K).
    private Tensor FollowPath(Tensor imageShare, Tensor start)
    {
        var score = zeros(imageShare.shape[0], _model.ClassCount, device: imageShare.device); // (B, K)
        var (state, point) = (start, start); // (1, D) until the first step ends, then (B, D)
        Tensor? previous = null;
        for (var i = 0; i < _plan.Stages.Count; i++)
        {
            var stage = _plan.Stages[i];
            var probabilities = Evaluate(imageShare, point, i); // (B, K)
            score.add_(probabilities, alpha: stage.ScoreShare);
            var prediction = probabilities.mm(_embedding); // û, (B, D)
            point = (stage.State * state) + (stage.Prediction * prediction); // (B, D)
            if (stage.PreviousPrediction != 0)
            {
                point.add_(previous!, alpha: stage.PreviousPrediction);
            }

            state = stage.EndsStep ? point : state;
            previous = prediction;
        }

        return score;
    }

    private Tensor Evaluate(Tensor imageShare, Tensor z, int stage) =>
        nn.functional.softmax(_model.Head.Logits(imageShare + _model.LabelShare(z) + _timeShares[stage]), 1); // (B, K)
}
