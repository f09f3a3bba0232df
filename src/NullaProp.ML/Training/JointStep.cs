using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Trains all weights together by one loss.</summary>
/// <param name="model">The model.</param>
/// <param name="options">The weight decay.</param>
/// <param name="loss">The loss.</param>
/// <param name="generator">The source of randomness, on the CPU; it stays the caller's.</param>
internal sealed class JointStep(Denoiser model, NoPropOptions options, TrainingLoss loss, Generator generator) : TrainingStep
{
    private readonly AdamW _optimizer = new(model.Weights, options.WeightDecay);

    /// <inheritdoc/>
    public override Generator Random => generator;

    /// <inheritdoc/>
    public override Tensor Run(ImageBatch batch, double rate)
    {
        _optimizer.ZeroGradients();
        var terms = loss.Backward(batch, generator);
        _optimizer.Step(rate);
        return terms;
    }

    /// <inheritdoc/>
    public override void Dispose() => _optimizer.Dispose();
}
