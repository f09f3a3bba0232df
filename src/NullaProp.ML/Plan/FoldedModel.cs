using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Plan;

/// <summary>
/// All that scoring by a plan needs of a model's label encoders, heads and read-out and that does not depend on the image, computed once,
/// as host tensors: what every backend starts from.
/// </summary>
internal sealed class FoldedModel
{
    /// <summary>Multiplies out the blocks that a plan evaluates.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="draws">
    /// The stored draws, (n·(1 + noises), D): for each start the start itself and the noise of each stage that adds some.
    /// </param>
    public FoldedModel(Denoiser model, SamplingPlan plan, HostTensor draws)
    {
        (Model, Plan) = (model, plan);
        var embedding = model.Embedding.Rows(); // (K, D)
        Blocks = plan.Stages.Select(stage => stage.Block).Distinct()
            .ToDictionary(block => block, block => new FoldedBlock(model.Blocks[block], embedding));
        Readout = plan.Predicts == NetworkPrediction.Velocity || plan.StateShare > 0 ? new FoldedReadout(model, plan, embedding) : null;
        var rows = plan.NoiseCount + 1;
        Paths = [.. Enumerable.Range(0, draws.Rows / rows).Select(path => Path(draws.RowRange(path * rows, rows), embedding))];
    }

    /// <summary>Gets the model.</summary>
    public Denoiser Model { get; }

    /// <summary>Gets the plan.</summary>
    public SamplingPlan Plan { get; }

    /// <summary>Gets the multiplied-out blocks by number.</summary>
    public IReadOnlyDictionary<int, FoldedBlock> Blocks { get; }

    /// <summary>Gets the multiplied-out read-out, where the plan needs it.</summary>
    public FoldedReadout? Readout { get; }

    /// <summary>Gets what each start adds.</summary>
    public IReadOnlyList<FoldedPath> Paths { get; }

    private FoldedPath Path(HostTensor draw, HostTensor? embedding)
    {
        var offsets = Plan.Offsets(draw, embedding); // (D) each
        var stages = Plan.Stages.Select((stage, i) => Blocks[stage.Block].Constants(offsets[i], stage.Time));
        var readouts = Plan.Stages.Select((stage, i) => Plan.Predicts == NetworkPrediction.Velocity
            ? Readout!.Bias([.. offsets[i].Select(value => stage.CleanLabel.State * value)])
            : null);
        return new FoldedPath([.. stages], [.. readouts, Plan.StateShare > 0 ? Readout!.Bias(offsets[^1]) : null]);
    }
}

/// <summary>What a way from one start adds that is the same for every image.</summary>
/// <param name="Stages">By stage.</param>
/// <param name="Readouts">
/// The bias of the read-out, (K), by stage where the network predicts a velocity, and behind them that of the last state, where the plan
/// scores it.
/// </param>
internal sealed record FoldedPath(IReadOnlyList<FoldedStage> Stages, IReadOnlyList<float[]?> Readouts);

/// <summary>What one evaluation adds.</summary>
/// <param name="Label">The bias of the label's first layer, (H).</param>
/// <param name="Head">The bias of the head's first layer, (H).</param>
internal readonly record struct FoldedStage(float[] Label, float[] Head);
