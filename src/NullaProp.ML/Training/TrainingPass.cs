using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>One pass over the data an epoch: what it trains by which loss and optimizers, and the streams of its random numbers.</summary>
/// <param name="streams">The streams of the training.</param>
/// <param name="scope">What the names of this pass's streams start with.</param>
/// <param name="precision">The numbers in which the image network computes; single precision where they are left to be chosen.</param>
internal abstract class TrainingPass(RandomStreams streams, string scope, BackbonePrecision precision) : IDisposable
{
    private readonly ScalarType _precision = precision == BackbonePrecision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Gets the optimizer of what this pass alone trains.</summary>
    public abstract AdamW Optimizer { get; }

    /// <summary>Returns the stream of an epoch's order.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    public RandomStream Order(int epoch) => streams.Of($"{scope}/order", epoch);

    /// <summary>Returns the place of a step.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    /// <param name="step">The step in the epoch, from 0.</param>
    public TrainingContext At(int epoch, int step) => new(streams, scope, epoch, step, _precision);

    /// <summary>Changes the weights by a batch.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="at">The place in the training.</param>
    /// <param name="rate">The learning rate.</param>
    /// <returns>The terms of the loss, (3): denoising, prior, read-out.</returns>
    public abstract Tensor Step(ImageBatch batch, TrainingContext at, double rate);

    /// <inheritdoc/>
    public void Dispose() => Optimizer.Dispose();
}

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

/// <summary>Trains all weights together by one loss.</summary>
/// <param name="model">The model.</param>
/// <param name="options">The weight decay, the rates by depth and the numbers to compute in.</param>
/// <param name="loss">The loss.</param>
/// <param name="streams">The streams of the training.</param>
internal sealed class JointPass(Denoiser model, NoPropOptions options, ITrainingLoss loss, RandomStreams streams)
    : TrainingPass(streams, "training", options.BackbonePrecision)
{
    /// <inheritdoc/>
    public override AdamW Optimizer { get; } = new(
        model.Weights, options.WeightDecay, includes: null, name => LearningRates.Share(options, name));

    /// <inheritdoc/>
    public override Tensor Step(ImageBatch batch, TrainingContext at, double rate)
    {
        Optimizer.ZeroGradients();
        var terms = loss.Backward(batch, at);
        Optimizer.Step(rate);
        return terms;
    }
}
