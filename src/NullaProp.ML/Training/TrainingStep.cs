using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>What one pass over the data trains: losses, gradients, optimizers.</summary>
internal abstract class TrainingStep : IDisposable
{
    /// <summary>Gets the source of the pass's order, augmentation, times and noise, on the CPU.</summary>
    public abstract Generator Random { get; }

    /// <summary>Changes the weights by a batch.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="rate">The learning rate.</param>
    /// <returns>The terms of the loss, (3): denoising, prior, read-out.</returns>
    public abstract Tensor Run(ImageBatch batch, double rate);

    /// <inheritdoc/>
    public abstract void Dispose();
}
