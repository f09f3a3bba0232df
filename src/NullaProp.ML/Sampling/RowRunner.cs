using System.Numerics.Tensors;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

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
    private readonly RowBackbone _backbone;
    private readonly RowHead _head;
    private readonly RowMatrix _labelMatrix;
    private readonly RowMatrix _labelFold;
    private readonly RowMatrix? _residual;
    private readonly (float[] Label, float[] Head)[][] _biases; // by start and stage
    private RowMemory? _spare;

    /// <summary>Copies what a plan needs of a model into managed memory.</summary>
    /// <param name="model">The model.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="runner">The batch runner of the same plan, whose constants are taken over.</param>
    public RowRunner(Denoiser model, ImageShape shape, SamplingPlan plan, PlanRunner runner)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        (_plan, _classes) = (plan, model.ClassCount);
        _backbone = new RowBackbone(model, runner.Folded, shape);
        _head = new RowHead(model.Head);
        _labelMatrix = new RowMatrix(runner.Folded.LabelMatrix);
        _labelFold = new RowMatrix(runner.Folded.LabelFold);
        _residual = runner.Folded.ResidualMatrix is { } residual ? new RowMatrix(residual) : null;
        _biases = [.. runner.Biases.Select(stages => stages.Select(bias => (RowMatrix.Vector(bias.Label), RowMatrix.Vector(bias.Head))).ToArray())];
    }

    /// <summary>Writes the class probabilities of an image.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="scores">Where to write K probabilities, which sum to 1.</param>
    public void Probabilities(ReadOnlySpan<float> pixels, Span<float> scores)
    {
        var memory = Interlocked.Exchange(ref _spare, null) ?? new RowMemory(_backbone, _labelFold.Width, _head.NarrowWidth, RowKernels.Padded(_classes));
        _backbone.ImageShare(pixels, memory);
        scores.Clear();
        foreach (var biases in _biases)
        {
            FollowPath(biases, memory, scores);
        }

        TensorPrimitives.Divide(scores, _biases.Length, scores);
        Volatile.Write(ref _spare, memory);
    }

    // As PlanRunner.FollowPath, for one row.
    private void FollowPath((float[] Label, float[] Head)[] biases, RowMemory memory, Span<float> scores)
    {
        Array.Clear(memory.State);
        Array.Clear(memory.Point);
        for (var i = 0; i < _plan.Stages.Count; i++)
        {
            var stage = _plan.Stages[i];
            Evaluate(biases[i], memory);
            var probabilities = memory.Probabilities.AsSpan(0, _classes);
            TensorPrimitives.MultiplyAdd(probabilities, (float)stage.ScoreShare, scores, scores);

            var point = memory.Point.AsSpan(0, _classes);
            TensorPrimitives.Multiply(memory.State.AsSpan(0, _classes), (float)stage.State, point);
            TensorPrimitives.MultiplyAdd(probabilities, (float)stage.Prediction, point, point);
            if (stage.PreviousPrediction != 0)
            {
                TensorPrimitives.MultiplyAdd(memory.Previous.AsSpan(0, _classes), (float)stage.PreviousPrediction, point, point);
            }

            if (stage.EndsStep)
            {
                point.CopyTo(memory.State);
            }

            (memory.Previous, memory.Probabilities) = (memory.Probabilities, memory.Previous);
        }
    }

    private void Evaluate((float[] Label, float[] Head) bias, RowMemory memory)
    {
        var point = memory.Point.AsSpan(0, _classes);
        bias.Label.CopyTo(memory.Label, 0);
        _labelMatrix.MultiplyAdd(point, memory.Label);
        TensorPrimitives.Max(memory.Label, 0f, memory.Label);

        TensorPrimitives.Add(memory.ImageShare, bias.Head, memory.Joined);
        _labelFold.MultiplyAdd(memory.Label.AsSpan(0, _head.Hidden), memory.Joined);
        _residual?.MultiplyAdd(point, memory.Joined);
        _head.Probabilities(memory, _classes);
    }
}
