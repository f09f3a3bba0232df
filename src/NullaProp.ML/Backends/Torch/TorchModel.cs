using System.Diagnostics.CodeAnalysis;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Torch;

/// <summary>What is the same for every row, as tensors on the model's device.</summary>
internal sealed class TorchModel : IDisposable
{
    private readonly Device _device;
    private readonly List<IDisposable> _owned = [];

    /// <summary>Copies a model.</summary>
    /// <param name="folded">The model, multiplied out for a plan; it stays the caller's.</param>
    public TorchModel(FoldedModel folded)
    {
        using var scope = NewDisposeScope();
        (Network, Stages, _device) = (folded.Model, folded.Plan.Stages, folded.Model.Weights.Device);
        try
        {
            Blocks = folded.Blocks.ToDictionary(block => block.Key, block => Block(folded.Model.Blocks[block.Key], block.Value));
            Readout = folded.Readout is { } readout ? OfReadout(readout) : null;
            Paths = [.. folded.Paths.Select(path => new TorchPath([.. path.Stages.Select(Stage)], [.. path.Readouts.Select(Row)]))];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Gets the network.</summary>
    public Denoiser Network { get; }

    /// <summary>Gets the stages of the plan.</summary>
    public IReadOnlyList<SamplingStage> Stages { get; }

    /// <summary>Gets the multiplied-out blocks by number.</summary>
    public IReadOnlyDictionary<int, TorchBlock> Blocks { get; }

    /// <summary>Gets the multiplied-out read-out, where the plan needs it.</summary>
    public TorchReadout? Readout { get; }

    /// <summary>Gets what each start adds.</summary>
    public IReadOnlyList<TorchPath> Paths { get; }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(owned => owned.Dispose());

    private TorchBlock Block(DenoisingBlock block, FoldedBlock folded) => new(
        block,
        new BatchImageNetwork(block),
        Transposed(folded.LabelMatrix),
        Transposed(folded.LabelFold),
        folded.ResidualMatrix is { } residual ? Transposed(residual) : null);

    private TorchReadout OfReadout(FoldedReadout readout)
    {
        Scalar scale = readout.Scale;
        _owned.Add(scale);
        return new TorchReadout(
            readout.OfLabel,
            scale,
            [.. readout.Layers.Select(Transposed)],
            readout.Spread is { } spread ? Own(spread.ToTensor().to(_device)) : null);
    }

    private TorchStage Stage(FoldedStage stage) => new(Row(stage.Label), Row(stage.Head));

    [return: NotNullIfNotNull(nameof(values))]
    private Tensor? Row(float[]? values) => // (1, n)
        values is null ? null : Own(tensor(values, dtype: ScalarType.Float32, device: _device).unsqueeze(0));

    private Tensor Transposed(HostTensor layer) => Own(layer.ToTensor().to(_device).t()); // (inputs, outputs)

    private Tensor Own(Tensor made)
    {
        _owned.Add(made.DetachFromDisposeScope());
        return made;
    }
}

/// <summary>A <see cref="FoldedBlock"/> as tensors, with the network that reads the images.</summary>
/// <param name="Block">The block.</param>
/// <param name="ImageNetwork">Its image network.</param>
/// <param name="LabelMatrix">What the label's first layer makes of q, (K, H).</param>
/// <param name="LabelFold">The label's second layer times its share of the head's first, (H, H).</param>
/// <param name="ResidualMatrix">
/// What the head's first layer makes of z itself through q, (K, H), where the encoder adds z to its code.
/// </param>
internal sealed record TorchBlock(
    DenoisingBlock Block, BatchImageNetwork ImageNetwork, Tensor LabelMatrix, Tensor LabelFold, Tensor? ResidualMatrix)
{
    /// <summary>Returns the logits class by class, (K, n).</summary>
    /// <param name="imageShare">From <see cref="ImageNetwork"/>, (n, H).</param>
    /// <param name="point">q, (n, K); <see langword="null"/> where it is 0.</param>
    /// <param name="constants">What the stage adds.</param>
    public Tensor Logits(Tensor imageShare, Tensor? point, TorchStage constants)
    {
        var hidden = point is null ? constants.Label.relu() : constants.Label.addmm(point, LabelMatrix).relu_(); // (n, H) or (1, H)
        var joined = point is null ? imageShare.Plus(hidden.mm(LabelFold)) : imageShare.addmm(hidden, LabelFold); // (n, H)
        if (point is not null && ResidualMatrix is { } residual)
        {
            joined.addmm_(point, residual);
        }

        return Block.Head.TransposedLogits(joined.add_(constants.Head, HeldScalar.One)); // (K, n)
    }
}

/// <summary>A <see cref="FoldedReadout"/> as tensors.</summary>
/// <param name="OfLabel">The read-out of z.</param>
/// <param name="Scale">The factor of q, where there are no layers.</param>
/// <param name="Layers">W·Rᵀ, (K, K), or W and Rᵀ, one after the other.</param>
/// <param name="Spread">(K, K), where an image may leave by its state.</param>
internal sealed record TorchReadout(HostReadout OfLabel, Scalar Scale, Tensor[] Layers, Tensor? Spread)
{
    /// <summary>Returns the logits of states.</summary>
    /// <param name="state">q, (n, K).</param>
    /// <param name="bias">What is the same for every image, (1, K), or else (n, K).</param>
    public Tensor Logits(Tensor state, Tensor bias) => Layers switch // (n, K)
    {
        [] => bias.add(state, Scale),
        [.. var before, var last] => bias.addmm(before.Aggregate(state, (x, layer) => x.mm(layer)), last),
    };

    /// <summary>Returns the logits of noisy labels given in full.</summary>
    /// <param name="z">(n, D).</param>
    public Tensor LogitsOf(Tensor z)
    {
        var bias = tensor(OfLabel.Bias, dtype: ScalarType.Float32, device: z.device); // (K)
        return bias.add(OfLabel.Rows is { } rows ? z.mm(rows.ToTensor().to(z.device).t()) : z, Scale); // (n, K)
    }
}

/// <summary>A <see cref="FoldedPath"/> as tensors.</summary>
/// <param name="Stages">By stage.</param>
/// <param name="Readouts">By stage and for the state behind them, (1, K), where one is read out.</param>
internal sealed record TorchPath(IReadOnlyList<TorchStage> Stages, IReadOnlyList<Tensor?> Readouts);

/// <summary>A <see cref="FoldedStage"/> as tensors.</summary>
/// <param name="Label">The bias of the label's first layer, (1, H).</param>
/// <param name="Head">The bias of the head's first layer, (1, H).</param>
internal readonly record struct TorchStage(Tensor Label, Tensor Head);
