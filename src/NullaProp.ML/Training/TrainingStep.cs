using NullaProp.ML.Data;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>One step of training: losses, gradients, optimizers.</summary>
internal abstract class TrainingStep : IDisposable
{
    /// <summary>Changes the weights by a batch.</summary>
    /// <param name="batch">The batch, on the model's device.</param>
    /// <param name="rate">The learning rate.</param>
    /// <returns>The terms of the loss, (3): denoising, prior, read-out.</returns>
    public abstract Tensor Run(ImageBatch batch, double rate);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Returns the step that the options name.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The options.</param>
    /// <param name="generator">The source of times and noise, on the CPU; it stays the caller's.</param>
    /// <param name="seed">The seed from which the blocks of discrete time derive sources of their own.</param>
    public static TrainingStep Of(Denoiser model, NoPropOptions options, Generator generator, int seed) => options.Variant switch
    {
        NoPropVariant.ContinuousTime => new JointStep(model, options, new ContinuousTimeLoss(model, options), generator),
        NoPropVariant.DiscreteTime => new BlockwiseStep(model, options, [.. Enumerable.Range(0, options.BlockCount)], seed),
        NoPropVariant.FlowMatching => new JointStep(model, options, new FlowMatchingLoss(model, options), generator),
        NoPropVariant.CrossEntropyBaseline => new JointStep(model, options, new ClassifierLoss(model), generator),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Variant, "No such variant."),
    };
}
