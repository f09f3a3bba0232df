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

    private IEnumerable<AdamW> Optimizers => Passes.Select(pass => pass.Optimizer).Concat(_shared is null ? [] : [_shared]);

    /// <summary>Returns the training of a whole model at once.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="streams">The streams of the training.</param>
    public static TrainingPasses Joint(Denoiser model, NoPropOptions options, ITrainingLoss loss, RandomStreams streams) =>
        new([new JointPass(model, options, loss, streams)], shared: null);

    /// <summary>Returns what the optimizers remember, by the weights' names.</summary>
    public IReadOnlyDictionary<string, WeightMoments> State() => Optimizers.SelectMany(optimizer => optimizer.State()).ToDictionary();

    /// <summary>Goes on from what the optimizers of other passes of the same kind remembered. Called before the first step.</summary>
    /// <param name="state">From <see cref="State"/>.</param>
    public void Restore(IReadOnlyDictionary<string, WeightMoments> state)
    {
        foreach (var optimizer in Optimizers)
        {
            optimizer.Restore(state.Where(moment => optimizer.Awaits(moment.Key)).ToDictionary());
        }
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
}
