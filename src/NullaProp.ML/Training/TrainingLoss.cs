using NullaProp.ML.Data;
using NullaProp.ML.Networks;
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

    /// <summary>Returns the loss that the options name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    public static TrainingLoss Of(Denoiser model, NoPropOptions options) => options.Variant switch
    {
        NoPropVariant.ContinuousTime => new ContinuousTimeLoss(model, options),
        NoPropVariant.CrossEntropyBaseline => new ClassifierLoss(model),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Variant, "No such variant."),
    };
}
