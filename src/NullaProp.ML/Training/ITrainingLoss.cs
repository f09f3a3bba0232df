using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>What a training step lowers.</summary>
internal interface ITrainingLoss
{
    /// <summary>Computes the loss of a batch and adds its gradient to the weights'.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="at">The place in the training, which says what times and noise are drawn.</param>
    /// <returns>The terms without history, (3): denoising, prior, read-out.</returns>
    Tensor Backward(ImageBatch batch, TrainingContext at);
}
