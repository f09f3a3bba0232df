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
