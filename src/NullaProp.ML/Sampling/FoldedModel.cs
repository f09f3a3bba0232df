using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Sampling;

/// <summary>All that scoring by a plan needs of a model's label encoders, heads and read-out and that does not depend on the image, computed once, in managed memory.</summary>
internal sealed class FoldedModel
{
    /// <summary>Multiplies out the blocks that a plan evaluates.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">The stored draws, (n·(1 + noises), D): for each start the start itself and the noise of each stage that adds some.</param>
    public FoldedModel(Denoiser model, SamplingPlan plan, HostTensor draws)
    {
        Blocks = plan.Stages.Select(stage => stage.Block).Distinct().ToDictionary(block => block, block => new FoldedBlock(model.Blocks[block], model.Embedding));
        Readout = plan.Predicts == NetworkPrediction.Velocity || plan.StateShare > 0 ? new FoldedReadout(model, plan) : null;
        var rows = plan.NoiseCount + 1;
        Paths = [.. Enumerable.Range(0, draws.Rows / rows).Select(path => Path(plan, draws.RowRange(path * rows, rows)))];
    }

    /// <summary>Gets the multiplied-out blocks by number.</summary>
    public IReadOnlyDictionary<int, FoldedBlock> Blocks { get; }

    /// <summary>Gets the multiplied-out read-out, where the plan needs it.</summary>
    public FoldedReadout? Readout { get; }

    /// <summary>Gets what each start adds.</summary>
    public IReadOnlyList<FoldedPath> Paths { get; }

    private FoldedPath Path(SamplingPlan plan, HostTensor draw)
    {
        var offsets = plan.Offsets(draw); // (D) each
        var stages = plan.Stages.Select((stage, i) =>
        {
            var (label, head) = Blocks[stage.Block].Biases(offsets[i], stage.Time);
            return new FoldedStage(label, head, plan.Predicts == NetworkPrediction.Velocity ? Readout!.Bias([.. offsets[i].Select(value => stage.CleanLabel.State * value)]) : null);
        });
        return new FoldedPath([.. stages], plan.StateShare > 0 ? Readout!.Bias(offsets[^1]) : null);
    }
}
