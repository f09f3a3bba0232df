using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Batch normalisation of each channel, with scale and shift: in training by mean and variance of the batch, in scoring by running averages of them, which are stored
/// with the model but not trained.
/// </summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="channels">C.</param>
internal sealed class BatchNorm(WeightScope weights, long channels)
{
    private readonly Weight _weight = weights.Undecayed("weight", Initializers.Constant(1), channels);
    private readonly Weight _bias = weights.Undecayed("bias", Initializers.Constant(0), channels);
    private readonly Weight _runningMean = weights.Fixed("running_mean", Initializers.Constant(0), channels);
    private readonly Weight _runningVariance = weights.Fixed("running_var", Initializers.Constant(1), channels);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">(B, C) or (B, C, H, W).</param>
    /// <param name="training">The place in a training, which moves the running averages by a tenth; <see langword="null"/> in
    /// scoring.</param>
    public Tensor Forward(Tensor x, TrainingContext? training)
    {
        // One value a channel has no variance: it is normalised as in scoring.
        var byBatch = training is not null && x.numel() > channels;
        return nn.functional.batch_norm(x, _runningMean.Value, _runningVariance.Value, _weight.Value, _bias.Value, training: byBatch, momentum: 0.1, eps: 1e-5); // as x
    }
}
