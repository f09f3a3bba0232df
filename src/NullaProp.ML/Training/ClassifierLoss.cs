using NullaProp.ML.Networks;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Training;

/// <summary>Plain cross-entropy of the network with z and t held at 0: the yardstick for NoProp.</summary>
/// <param name="model">The model.</param>
/// <param name="options">The numbers to compute in.</param>
internal sealed class ClassifierLoss(Denoiser model, NoPropOptions options) : TrainingLoss(options.BackbonePrecision)
{
    /// <inheritdoc/>
    public override Tensor Backward(ImageBatch batch, Generator generator)
    {
        using var scope = NewDisposeScope();
        var (network, device) = (model.Blocks[0], model.Weights.Device);
        var logits = network.Logits(network.ImageShare(model.Normalization.Apply(batch.Pixels), Pass(generator)), zeros(1, model.Embedding.Dimension, device: device), zeros(1, 1, device: device)); // (B, K)
        var loss = batch.CrossEntropy(logits);
        loss.backward();
        var none = zeros_like(loss);
        return new LossTerms(loss, none, none).Detached().MoveToOuterDisposeScope();
    }
}
