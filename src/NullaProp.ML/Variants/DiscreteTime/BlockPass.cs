using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>
/// Trains one block of discrete time by its own loss, optimizer and streams: with fixed embeddings the blocks share nothing, and any of
/// them comes out the same trained alone. Learned embeddings and a read-out take a step with every block, as in the paper's algorithm 1.
/// </summary>
internal sealed class BlockPass : TrainingPass
{
    private readonly DiscreteTimeLoss _loss;
    private readonly AdamW _shared;

    /// <summary>Creates the pass.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="block">The block, from 0.</param>
    /// <param name="shared">The optimizer of what the blocks share; it stays the caller's.</param>
    /// <param name="streams">The streams of the training.</param>
    public BlockPass(Denoiser model, NoPropOptions options, int block, AdamW shared, RandomStreams streams)
        : base(streams, $"training/{Denoiser.BlockName(block)}", options.BackbonePrecision)
    {
        _loss = new DiscreteTimeLoss(model, (DiscreteTime)options.Variant, block);
        var prefix = $"{Denoiser.BlockName(block)}.";
        Optimizer = new AdamW(model.Weights, options.WeightDecay, name => name.StartsWith(prefix, StringComparison.Ordinal));
        _shared = shared;
    }

    /// <inheritdoc/>
    public override AdamW Optimizer { get; }

    /// <summary>Returns the training of some blocks.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options, whose variant is discrete time.</param>
    /// <param name="blocks">The blocks to train, from 0, at least one.</param>
    /// <param name="streams">The streams of the training.</param>
    public static TrainingPasses Of(Denoiser model, NoPropOptions options, IReadOnlyList<int> blocks, RandomStreams streams)
    {
        var shared = Shared(model, options);
        return new([.. blocks.Select(block => new BlockPass(model, options, block, shared, streams))], shared);
    }

    /// <inheritdoc/>
    public override Tensor Step(ImageBatch batch, TrainingContext at, double rate)
    {
        Optimizer.ZeroGradients();
        _shared.ZeroGradients();
        var terms = _loss.Backward(batch, at);
        Optimizer.Step(rate);
        _shared.Step(rate);
        return terms;
    }

    // The optimizer of what the blocks share.
    private static AdamW Shared(Denoiser model, NoPropOptions options) =>
        new(model.Weights, options.WeightDecay, name => !name.StartsWith("block", StringComparison.Ordinal));
}
