using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

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
