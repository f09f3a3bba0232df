using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>A <see cref="FoldedModel"/> as tensors on the model's device, for batches.</summary>
internal sealed class BatchModel : IDisposable
{
    private readonly Device _device;
    private readonly List<Tensor> _owned = [];

    /// <summary>Copies the numbers.</summary>
    /// <param name="model">The model; it stays the caller's.</param>
    /// <param name="folded">Its layers, multiplied out for a plan.</param>
    public BatchModel(Denoiser model, FoldedModel folded)
    {
        using var scope = NewDisposeScope();
        _device = model.Weights.Device;
        Blocks = folded.Blocks.ToDictionary(block => block.Key, block => Block(model.Blocks[block.Key], block.Value));
        Readout = folded.Readout is { } readout ? OfReadout(readout) : null;
        Paths = [.. folded.Paths.Select(path => new BatchPath([.. path.Stages.Select(Stage)], OptionalRow(path.State)))];
    }

    /// <summary>Gets the multiplied-out blocks by number.</summary>
    public IReadOnlyDictionary<int, BatchBlock> Blocks { get; }

    /// <summary>Gets the multiplied-out read-out, where the plan needs it.</summary>
    public BatchReadout? Readout { get; }

    /// <summary>Gets what each start adds.</summary>
    public IReadOnlyList<BatchPath> Paths { get; }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(tensor => tensor.Dispose());

    private BatchBlock Block(DenoisingBlock block, FoldedBlock folded) => new(
        block,
        Own(folded.LabelMatrix.ToTensor(_device)),
        Own(folded.LabelFold.ToTensor(_device)),
        folded.ResidualMatrix is { } residual ? Own(residual.ToTensor(_device)) : null);

    private BatchReadout OfReadout(FoldedReadout readout)
    {
        var rows = tensor(readout.Rows.SelectMany(row => row).ToArray(), device: _device).view(readout.Rows.Length, -1); // R, (K, D)
        return new BatchReadout(
            Own(readout.Matrix.ToTensor(_device)),
            readout.Spread is { } spread ? Own(spread.ToTensor().to(_device)) : null,
            Own(rows.t()),
            Own(tensor(readout.FirstBias, device: _device).unsqueeze(0)));
    }

    private BatchStage Stage(FoldedStage stage) => new(Row(stage.Label), Row(stage.Head), OptionalRow(stage.Readout));

    private Tensor Row(float[] values) => Own(tensor(values, device: _device).unsqueeze(0)); // (1, n)

    private Tensor? OptionalRow(float[]? values) => values is null ? null : Row(values);

    private Tensor Own(Tensor made)
    {
        _owned.Add(made.DetachFromDisposeScope());
        return made;
    }
}
