using NullaProp.ML.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>The images of a batch that are still on their way through a plan, n of B at first and fewer where some leave early, with what is known of each.</summary>
internal sealed class BatchRows
{
    private readonly BatchModel _batch;
    private readonly Dictionary<int, Tensor> _shares = []; // (n, H), by block
    private readonly Tensor _scores; // (B, K), of those that left
    private Tensor _images; // normalised, (n, C, H, W)
    private Tensor _numbers; // which row of the batch each is, (n)

    /// <summary>Creates the rows of a batch; they live in the caller's dispose scope.</summary>
    /// <param name="model">The model.</param>
    /// <param name="batch">Its multiplied-out layers, as tensors.</param>
    /// <param name="pixels">Raw pixels, (B, C, H, W), on any device.</param>
    public BatchRows(Denoiser model, BatchModel batch, Tensor pixels)
    {
        _batch = batch;
        var device = model.Weights.Device;
        _images = model.Normalization.Apply(pixels.to(device));
        _scores = zeros(pixels.shape[0], model.ClassCount, device: device);
        _numbers = tensor([.. Enumerable.Range(0, (int)pixels.shape[0]).Select(number => (long)number)], device: device); // 0, 1, …
        Sum = zeros_like(_scores);
    }

    /// <summary>Gets the weighted sum of class probabilities over all evaluations so far, (n, K).</summary>
    public Tensor Sum { get; private set; }

    /// <summary>Gets q at the start of the step, (n, K); <see langword="null"/> at the start of the way, where it is 0.</summary>
    public Tensor? State { get; private set; }

    /// <summary>Gets q at which the network is evaluated next, (n, K); <see langword="null"/> where it is 0.</summary>
    public Tensor? Point { get; private set; }

    /// <summary>Gets what the evaluation before predicted, (n, K).</summary>
    public Tensor? Previous { get; private set; }

    /// <summary>Gets a value indicating whether an image is left.</summary>
    public bool Any => _numbers.shape[0] > 0;

    /// <summary>Goes back to the start of a way.</summary>
    public void Restart() => (State, Point, Previous) = (null, null, null);

    /// <summary>Goes to the next point.</summary>
    /// <param name="point">The point, (n, K).</param>
    /// <param name="prediction">What the evaluation predicted, (n, K).</param>
    /// <param name="endsStep">Whether the point ends a step.</param>
    public void GoTo(Tensor point, Tensor prediction, bool endsStep) => (Point, Previous, State) = (point, prediction, endsStep ? point : State);

    /// <summary>Returns the image's share of a block's head, computed once.</summary>
    /// <param name="block">The number of the block.</param>
    public Tensor ImageShare(int block) =>
        _shares.TryGetValue(block, out var share) ? share : _shares[block] = _batch.Blocks[block].ImageShare(_images); // (n, H)

    /// <summary>Lets the images go whose class the last state will not change any more.</summary>
    /// <param name="decided">Which they are, (n).</param>
    /// <param name="scores">The class probabilities of all, (n, K).</param>
    public void Leave(Tensor decided, Tensor scores)
    {
        var rows = decided.nonzero().squeeze(1);
        _scores.index_copy_(0, _numbers.index_select(0, rows), scores.index_select(0, rows));
        Keep(decided.logical_not().nonzero().squeeze(1));
    }

    /// <summary>Lets the images go whose class cannot change any more.</summary>
    /// <param name="counted">The share of the score that <see cref="Sum"/> holds.</param>
    /// <param name="left">The share that is left.</param>
    public void LeaveDecided(double counted, double left)
    {
        var best = Sum.topk(2, 1).values; // (n, 2)
        using Scalar lead = left;
        var decided = (best.select(1, 0) - best.select(1, 1)).gt(lead); // (n)
        using Scalar divisor = counted;
        Leave(decided, Sum.div(divisor));
    }

    /// <summary>Returns the class probabilities of the batch, (B, K), once all images went their way.</summary>
    /// <param name="total">What the shares of all evaluations sum to.</param>
    public Tensor Scores(double total)
    {
        using Scalar divisor = total;
        return _scores.index_copy_(0, _numbers, Sum.div(divisor));
    }

    private void Keep(Tensor rows)
    {
        if (rows.shape[0] == _numbers.shape[0])
        {
            return;
        }

        (_numbers, _images, Sum) = (_numbers.index_select(0, rows), _images.index_select(0, rows), Sum.index_select(0, rows));
        (State, Point, Previous) = (State?.index_select(0, rows), Point?.index_select(0, rows), Previous?.index_select(0, rows));
        foreach (var block in _shares.Keys.ToList())
        {
            _shares[block] = _shares[block].index_select(0, rows);
        }
    }
}
