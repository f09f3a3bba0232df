using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>All that scoring by a plan needs of a model and that does not depend on the image, computed once.</summary>
internal sealed class FoldedModel : IDisposable
{
    /// <summary>Multiplies out the blocks that a plan evaluates.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">The stored draws, (n·(1 + noises), D): for each start the start itself and the noise of each stage that adds some.</param>
    public FoldedModel(Denoiser model, SamplingPlan plan, Tensor draws)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        Blocks = plan.Stages.Select(stage => stage.Block).Distinct().ToDictionary(block => block, block => new FoldedBlock(model.Blocks[block], model.Embedding));
        Readout = plan.Predicts == NetworkPrediction.Velocity || plan.StateShare > 0 ? new FoldedReadout(model, plan) : null;
        var rows = plan.NoiseCount + 1;
        var onDevice = draws.to(model.Weights.Device);
        Paths = [.. Enumerable.Range(0, (int)(draws.shape[0] / rows)).Select(path => Path(plan, onDevice.narrow(0, path * rows, rows)))];
    }

    /// <summary>Gets the multiplied-out blocks by number.</summary>
    public IReadOnlyDictionary<int, FoldedBlock> Blocks { get; }

    /// <summary>Gets the multiplied-out read-out, where the plan needs it.</summary>
    public FoldedReadout? Readout { get; }

    /// <summary>Gets what each start adds.</summary>
    public IReadOnlyList<PathConstants> Paths { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Readout?.Dispose();
        foreach (var block in Blocks.Values)
        {
            block.Dispose();
        }

        foreach (var path in Paths)
        {
            path.Dispose();
        }
    }

    private PathConstants Path(SamplingPlan plan, Tensor draw)
    {
        var offsets = plan.Offsets(draw); // (1, D) each
        var stages = plan.Stages.Select((stage, i) =>
        {
            var (label, head) = Blocks[stage.Block].Biases(offsets[i], stage.Time);
            return new StageConstants(label, head, plan.Predicts == NetworkPrediction.Velocity ? Readout!.Bias(offsets[i]) : null);
        });
        return new PathConstants([.. stages], plan.StateShare > 0 ? Readout!.Bias(offsets[^1]) : null);
    }
}
