using NullaProp.ML.Data;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>What a training step lowers.</summary>
internal abstract class TrainingLoss
{
    /// <summary>Computes the loss of a batch and adds its gradient to the weights'.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="generator">The source of times and noise, on the CPU.</param>
    /// <returns>The terms without history, (3): denoising, prior, read-out.</returns>
    public abstract Tensor Backward(ImageBatch batch, Generator generator);
}
