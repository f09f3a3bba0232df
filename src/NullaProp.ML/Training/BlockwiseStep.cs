using NullaProp.ML.Data;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Trains the blocks of discrete time one after the other on the same batch, each by its own loss, optimizer and source of noise: with fixed embeddings the blocks share
/// nothing, and any of them comes out the same trained alone. Learned embeddings and a read-out take a step with every block, as in the paper's algorithm 1.
/// </summary>
internal sealed class BlockwiseStep : TrainingStep
{
    private readonly List<(DiscreteTimeLoss Loss, AdamW Optimizer, Generator Generator)> _blocks;
    private readonly AdamW _shared;

    /// <summary>Creates the step.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="blocks">The blocks to train, from 0, at least one.</param>
    /// <param name="seed">The seed of the blocks' sources of noise.</param>
    public BlockwiseStep(Denoiser model, NoPropOptions options, IReadOnlyList<int> blocks, int seed)
    {
        _blocks = [.. blocks.Select(block => (
            new DiscreteTimeLoss(model, options, block),
            new AdamW(model.Weights, options.WeightDecay, name => name.StartsWith($"{Denoiser.BlockName(block)}.", StringComparison.Ordinal)),
            new Generator(StreamSeed(seed, block))))];
        _shared = new AdamW(model.Weights, options.WeightDecay, name => !name.StartsWith("block", StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public override Tensor Run(ImageBatch batch, double rate)
    {
        using var scope = NewDisposeScope();
        List<Tensor> terms = [];
        foreach (var (loss, optimizer, generator) in _blocks)
        {
            optimizer.ZeroGradients();
            _shared.ZeroGradients();
            terms.Add(loss.Backward(batch, generator));
            optimizer.Step(rate);
            _shared.Step(rate);
        }

        return stack([.. terms]).mean([0]).MoveToOuterDisposeScope(); // (3)
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _shared.Dispose();
        foreach (var (_, optimizer, generator) in _blocks)
        {
            optimizer.Dispose();
            generator.Dispose();
        }
    }

    // The finalizer of MurmurHash3 over a step of the golden ratio a block: libtorch's CPU generator reads 32 bits of a seed, and neighbours must differ in all of them.
    private static ulong StreamSeed(int seed, int block)
    {
        unchecked
        {
            var mixed = (uint)seed + ((uint)(block + 1) * 0x9E3779B9);
            mixed = (mixed ^ (mixed >> 16)) * 0x85EBCA6B;
            mixed = (mixed ^ (mixed >> 13)) * 0xC2B2AE35;
            return mixed ^ (mixed >> 16);
        }
    }
}
