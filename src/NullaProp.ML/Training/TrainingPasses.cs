using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;

namespace NullaProp.ML.Training;

/// <summary>
/// What an epoch trains, one pass over the data each: a whole model at once, or the blocks of discrete time one after the other.
/// </summary>
internal sealed class TrainingPasses : IDisposable
{
    private readonly AdamW? _shared;

    /// <summary>Takes passes.</summary>
    /// <param name="passes">The passes, in order; owned from here on.</param>
    /// <param name="shared">The optimizer of what they share, if they share anything; owned from here on.</param>
    public TrainingPasses(IReadOnlyList<TrainingPass> passes, AdamW? shared) => (Passes, _shared) = (passes, shared);

    /// <summary>Gets the passes, in order.</summary>
    public IReadOnlyList<TrainingPass> Passes { get; }

    /// <summary>Returns the training of a whole model at once.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="streams">The streams of the training.</param>
    public static TrainingPasses Joint(Denoiser model, NoPropOptions options, ITrainingLoss loss, RandomStreams streams) =>
        new([new JointPass(model, options, loss, streams)], shared: null);

    /// <inheritdoc/>
    public void Dispose()
    {
        _shared?.Dispose();
        foreach (var pass in Passes)
        {
            pass.Dispose();
        }
    }
}
