using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>What a training step lowers.</summary>
/// <param name="precision">The numbers in which the image network computes; single precision where they are left to be chosen.</param>
internal abstract class TrainingLoss(BackbonePrecision precision)
{
    private readonly ScalarType _precision = precision == BackbonePrecision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;

    /// <summary>Computes the loss of a batch and adds its gradient to the weights'.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="generator">The source of times and noise, on the CPU.</param>
    /// <returns>The terms without history, (3): denoising, prior, read-out.</returns>
    public abstract Tensor Backward(ImageBatch batch, Generator generator);

    /// <summary>Returns what a network is handed in this step.</summary>
    /// <param name="generator">The source of randomness, on the CPU.</param>
    protected TrainingPass Pass(Generator generator) => new(generator, _precision);
}
