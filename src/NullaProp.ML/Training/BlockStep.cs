using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>
/// Trains one block of discrete time by its own loss, optimizer and source of order and noise: with fixed embeddings the blocks share nothing, and any of them comes out the
/// same trained alone. Learned embeddings and a read-out take a step with every block, as in the paper's algorithm 1.
/// </summary>
internal sealed class BlockStep : TrainingStep
{
    private readonly DiscreteTimeLoss _loss;
    private readonly AdamW _optimizer;
    private readonly AdamW _shared;

    /// <summary>Creates the step.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="block">The block, from 0.</param>
    /// <param name="shared">The optimizer of what the blocks share; it stays the caller's.</param>
    /// <param name="seed">The seed of all blocks' sources of randomness.</param>
    public BlockStep(Denoiser model, NoPropOptions options, int block, AdamW shared, int seed)
    {
        _loss = new DiscreteTimeLoss(model, options, block);
        _optimizer = new AdamW(model.Weights, options.WeightDecay, name => name.StartsWith($"{Denoiser.BlockName(block)}.", StringComparison.Ordinal));
        _shared = shared;
        Random = new Generator(StreamSeed(seed, block));
    }

    /// <inheritdoc/>
    public override Generator Random { get; }

    /// <summary>Returns the optimizer of what the blocks share.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The weight decay.</param>
    public static AdamW Shared(Denoiser model, NoPropOptions options) =>
        new(model.Weights, options.WeightDecay, name => !name.StartsWith("block", StringComparison.Ordinal));

    /// <inheritdoc/>
    public override Tensor Run(ImageBatch batch, double rate)
    {
        _optimizer.ZeroGradients();
        _shared.ZeroGradients();
        var terms = _loss.Backward(batch, Random);
        _optimizer.Step(rate);
        _shared.Step(rate);
        return terms;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _optimizer.Dispose();
        Random.Dispose();
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
