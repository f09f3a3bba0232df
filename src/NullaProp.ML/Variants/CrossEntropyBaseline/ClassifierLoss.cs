using NullaProp.ML.Networks;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Variants;

/// <summary>Plain cross-entropy of the network with z and t held at 0: the yardstick for NoProp.</summary>
/// <param name="model">The model.</param>
internal sealed class ClassifierLoss(Denoiser model) : ITrainingLoss
{
    /// <inheritdoc/>
    public Tensor Backward(ImageBatch batch, TrainingContext at)
    {
        using var scope = NewDisposeScope();
        var (network, device) = (model.Blocks[0], model.Weights.Device);
        var imageShare = network.ImageShare(model.Normalization.Apply(batch.Pixels), at); // (B, H)
        var z = zeros(1, model.Embedding.Dimension, dtype: ScalarType.Float32, device: device);
        var time = zeros(1, 1, dtype: ScalarType.Float32, device: device);
        var logits = network.Logits(imageShare, z, time); // (B, K)
        var loss = batch.CrossEntropy(logits);
        loss.backward();
        var none = zeros_like(loss);
        return new LossTerms(loss, none, none).Detached().MoveToOuterDisposeScope();
    }
}
