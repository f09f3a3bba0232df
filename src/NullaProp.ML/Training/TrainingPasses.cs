using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;

namespace NullaProp.ML.Training;

/// <summary>
/// What an epoch trains, one pass over the data each: a whole model at once, or the blocks of discrete time one after the other.
/// </summary>
internal sealed class TrainingPasses : IDisposable
{
    private readonly AdamW? _shared;

    private TrainingPasses(IReadOnlyList<TrainingPass> passes, AdamW? shared) => (Passes, _shared) = (passes, shared);

    /// <summary>Gets the passes, in order.</summary>
    public IReadOnlyList<TrainingPass> Passes { get; }

    /// <summary>Returns what the options name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="streams">The streams of the training.</param>
    public static TrainingPasses Of(Denoiser model, NoPropOptions options, RandomStreams streams) => options.Variant switch
    {
        NoPropVariant.ContinuousTime => Joint(model, options, new ContinuousTimeLoss(model, options), streams),
        NoPropVariant.DiscreteTime => OfBlocks(model, options, [.. Enumerable.Range(0, options.BlockCount)], streams),
        NoPropVariant.FlowMatching => Joint(model, options, new FlowMatchingLoss(model, options), streams),
        NoPropVariant.CrossEntropyBaseline => Joint(model, options, new ClassifierLoss(model), streams),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Variant, "No such variant."),
    };

    /// <summary>Returns the training of some blocks of discrete time.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="blocks">The blocks to train, from 0, at least one.</param>
    /// <param name="streams">The streams of the training.</param>
    public static TrainingPasses OfBlocks(Denoiser model, NoPropOptions options, IReadOnlyList<int> blocks, RandomStreams streams)
    {
        var shared = BlockPass.Shared(model, options);
        return new([.. blocks.Select(block => new BlockPass(model, options, block, shared, streams))], shared);
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

    private static TrainingPasses Joint(Denoiser model, NoPropOptions options, ITrainingLoss loss, RandomStreams streams) =>
        new([new JointPass(model, options, loss, streams)], shared: null);
}
