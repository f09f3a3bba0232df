using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>
/// Scores one image at a time by a sampling plan, in managed memory with SIMD: for one image the calls into libtorch cost more than its arithmetic. Agrees with
/// <see cref="PlanRunner"/> to rounding.
/// </summary>
/// <threadsafety>Any number of threads may use one runner.</threadsafety>
internal sealed class RowRunner
{
    private readonly SamplingPlan _plan;
    private readonly int _classes;
    private readonly RowBlock[] _blocks;
    private readonly int[] _blockOfStage;
    private readonly IReadOnlyList<double?> _sharesLeft;
    private readonly IReadOnlyList<StateInfluence?> _influences;
    private readonly float[] _spread; // (K, K), as FoldedReadout.Spread
    private readonly RowMatrix? _readout;
    private readonly (FoldedStage[] Stages, float[]? State)[] _paths;
    private RowMemory? _spare;

    /// <summary>Copies what a plan needs of a model into managed memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="folded">The model's layers, multiplied out for the same plan.</param>
    public RowRunner(Denoiser model, ImageShape shape, SamplingPlan plan, FoldedModel folded)
    {
        (_plan, _classes) = (plan, model.ClassCount);
        var numbers = folded.Blocks.Keys.Order().ToList();
        _blocks = [.. numbers.Select(number => new RowBlock(model, model.Blocks[number], folded.Blocks[number], shape))];
        _blockOfStage = [.. plan.Stages.Select(stage => numbers.IndexOf(stage.Block))];
        _sharesLeft = plan.SharesLeft();
        _influences = StateInfluence.Of(plan);
        _spread = folded.Readout?.Spread?.Values ?? [];
        _readout = folded.Readout?.Matrix;
        _paths = [.. folded.Paths.Select(path => (path.Stages.Select(Padded).ToArray(), Padded(path.State)))];
    }

    /// <summary>Writes the class probabilities of an image.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="scores">Where to write K probabilities, which sum to 1.</param>
    public void Probabilities(ReadOnlySpan<float> pixels, Span<float> scores) => Probabilities(pixels, scores, votes: []);

    /// <summary>Writes the class probabilities of an image, and which class each start gives.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="scores">Where to write K probabilities, which sum to 1.</param>
    /// <param name="votes">Where to write the most probable class of each start, from 0, n of them; empty where nobody asks.</param>
    public void Probabilities(ReadOnlySpan<float> pixels, Span<float> scores, Span<long> votes)
    {
        var memory = Interlocked.Exchange(ref _spare, null) ?? _blocks[0].Memory(_blocks.Length, _classes);
        Array.Clear(memory.HasImageShare);
        scores.Clear();
        var own = memory.OwnScore.AsSpan(0, votes.IsEmpty ? 0 : _classes);
        double? decided = null; // the share of the score that is known, up to 1 for each start, once it decides the class
        for (var start = 0; start < _paths.Length && decided is null; start++)
        {
            own.Clear();
            decided = FollowPath(start, pixels, memory, scores, own);
            if (!votes.IsEmpty)
            {
                votes[start] = TensorPrimitives.IndexOfMax<float>(own);
            }
        }

        TensorPrimitives.Divide(scores, (float)(decided ?? _paths.Length), scores);
        Volatile.Write(ref _spare, memory);
    }

    private static FoldedStage Padded(FoldedStage stage) => new(RowMatrix.Vector(stage.Label), RowMatrix.Vector(stage.Head), Padded(stage.Readout));

    private static float[]? Padded(float[]? bias) => bias is null ? null : RowMatrix.Vector(bias);

    // As PlanRunner.FollowPath, for one row; where the class is decided before the end, stops and returns the share of the score that is known.
    private double? FollowPath(int start, ReadOnlySpan<float> pixels, RowMemory memory, Span<float> scores, Span<float> own)
    {
        var (stages, stateBias) = _paths[start];
        Array.Clear(memory.State);
        Array.Clear(memory.Point);
        for (var i = 0; i < _plan.Stages.Count; i++)
        {
            var (stage, block) = (_plan.Stages[i], _blockOfStage[i]);
            _blocks[block].Evaluate(ImageShare(block, pixels, memory), stages[i], memory, _classes);
            Score(stage, stages[i], memory, scores, own);
            var left = _sharesLeft[i] + _paths.Length - start - 1;
            if (left > 0 && Lead(scores) > left)
            {
                return _paths.Length - left.Value;
            }

            Advance(stage, memory);
            if (_paths.Length == 1 && _influences[i] is { } influence && IsDecided(influence, stateBias!, memory, scores, own))
            {
                return 1;
            }

            (memory.Previous, memory.Prediction) = (memory.Prediction, memory.Previous);
        }

        if (stateBias is not null)
        {
            Add(Readout(memory.Point.AsSpan(0, _classes), stateBias, memory), _plan.StateShare, scores, own);
        }

        return null;
    }

    // As PlanRunner.LeaveDecided, for one row.
    private bool IsDecided(StateInfluence left, float[] bias, RowMemory memory, Span<float> scores, Span<float> own)
    {
        var known = memory.CleanLabel.AsSpan(0, _classes);
        var prediction = memory.Prediction.AsSpan(0, _classes);
        TensorPrimitives.Multiply(memory.State.AsSpan(0, _classes), (float)left.State, known);
        TensorPrimitives.MultiplyAdd(prediction, (float)left.Prediction, known, known);
        bias.CopyTo(memory.Readout, 0);
        _readout!.MultiplyAdd(known, memory.Readout);
        var logits = memory.Readout.AsSpan(0, _classes);
        var best = TensorPrimitives.IndexOfMax<float>(logits);
        for (var k = 0; k < _classes; k++)
        {
            if (logits[best] - logits[k] <= (float)left.Bound * _spread[(best * _classes) + k])
            {
                return false;
            }
        }

        TensorPrimitives.MultiplyAdd(prediction, (float)left.Left, known, known);
        Add(Readout(known, bias, memory), _plan.StateShare, scores, own);
        return true;
    }

    private ReadOnlySpan<float> ImageShare(int block, ReadOnlySpan<float> pixels, RowMemory memory)
    {
        var share = memory.ImageShares[block];
        if (!memory.HasImageShare[block])
        {
            _blocks[block].ImageShare(pixels, memory, share);
            memory.HasImageShare[block] = true;
        }

        return share;
    }

    // By how much the highest score is ahead of the next.
    private static float Lead(ReadOnlySpan<float> scores)
    {
        var best = TensorPrimitives.IndexOfMax(scores);
        var next = float.NegativeInfinity;
        for (var k = 0; k < scores.Length; k++)
        {
            next = k == best ? next : Math.Max(next, scores[k]);
        }

        return scores[best] - next;
    }

    private void Score(SamplingStage stage, FoldedStage constants, RowMemory memory, Span<float> scores, Span<float> own)
    {
        var prediction = memory.Prediction.AsSpan(0, _classes);
        if (_plan.Predicts == NetworkPrediction.CleanLabel)
        {
            SoftMax(prediction);
            Add(prediction, stage.ScoreShare, scores, own);
        }
        else if (stage.ScoreShare != 0)
        {
            var clean = memory.CleanLabel.AsSpan(0, _classes); // q of z + (1−t)·v
            TensorPrimitives.Multiply(memory.Point.AsSpan(0, _classes), (float)stage.CleanLabel.State, clean);
            TensorPrimitives.MultiplyAdd(prediction, (float)stage.CleanLabel.Prediction, clean, clean);
            Add(Readout(clean, constants.Readout!, memory), stage.ScoreShare, scores, own);
        }
    }

    // To the score of all starts and, where it is asked for, to that of this one.
    private static void Add(ReadOnlySpan<float> probabilities, double share, Span<float> scores, Span<float> own)
    {
        TensorPrimitives.MultiplyAdd(probabilities, (float)share, scores, scores);
        if (!own.IsEmpty)
        {
            TensorPrimitives.MultiplyAdd(probabilities, (float)share, own, own);
        }
    }

    private void Advance(SamplingStage stage, RowMemory memory)
    {
        var point = memory.Point.AsSpan(0, _classes);
        TensorPrimitives.Multiply(memory.State.AsSpan(0, _classes), (float)stage.State, point);
        TensorPrimitives.MultiplyAdd(memory.Prediction.AsSpan(0, _classes), (float)stage.Prediction, point, point);
        if (stage.PreviousPrediction != 0)
        {
            TensorPrimitives.MultiplyAdd(memory.Previous.AsSpan(0, _classes), (float)stage.PreviousPrediction, point, point);
        }

        if (stage.EndsStep)
        {
            point.CopyTo(memory.State);
        }
    }

    // As FoldedReadout.Probabilities, for one row.
    private Span<float> Readout(ReadOnlySpan<float> state, float[] bias, RowMemory memory)
    {
        bias.CopyTo(memory.Readout, 0);
        _readout!.MultiplyAdd(state, memory.Readout);
        var probabilities = memory.Readout.AsSpan(0, _classes);
        SoftMax(probabilities);
        return probabilities;
    }

    private static void SoftMax(Span<float> logits)
    {
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits); // no overflow in exp
        TensorPrimitives.SoftMax<float>(logits, logits);
    }
}
