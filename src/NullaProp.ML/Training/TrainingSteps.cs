using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>What an epoch trains, one pass over the data each: a whole model at once, or the blocks of discrete time one after the other.</summary>
internal sealed class TrainingSteps : IDisposable
{
    private readonly AdamW? _shared;

    private TrainingSteps(IReadOnlyList<TrainingStep> passes, AdamW? shared) => (Passes, _shared) = (passes, shared);

    /// <summary>Gets the passes, in order.</summary>
    public IReadOnlyList<TrainingStep> Passes { get; }

    /// <summary>Returns what the options name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="generator">The source of randomness where there is one pass; it stays the caller's.</param>
    /// <param name="seed">The seed from which the blocks of discrete time derive sources of their own.</param>
    public static TrainingSteps Of(Denoiser model, NoPropOptions options, Generator generator, int seed) => options.Variant switch
    {
        NoPropVariant.ContinuousTime => Joint(model, options, new ContinuousTimeLoss(model, options), generator),
        NoPropVariant.DiscreteTime => OfBlocks(model, options, [.. Enumerable.Range(0, options.BlockCount)], seed),
        NoPropVariant.FlowMatching => Joint(model, options, new FlowMatchingLoss(model, options), generator),
        NoPropVariant.CrossEntropyBaseline => Joint(model, options, new ClassifierLoss(model, options), generator),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Variant, "No such variant."),
    };

    /// <summary>Returns the training of some blocks of discrete time.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="blocks">The blocks to train, from 0, at least one.</param>
    /// <param name="seed">The seed of the blocks' sources of randomness.</param>
    public static TrainingSteps OfBlocks(Denoiser model, NoPropOptions options, IReadOnlyList<int> blocks, int seed)
    {
        var shared = BlockStep.Shared(model, options);
        return new([.. blocks.Select(block => new BlockStep(model, options, block, shared, seed))], shared);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _shared?.Dispose();
        foreach (var pass in Passes)
        {
            pass.Dispose();
        }
    }

    private static TrainingSteps Joint(Denoiser model, NoPropOptions options, TrainingLoss loss, Generator generator) =>
        new([new JointStep(model, options, loss, generator)], shared: null);
}
