using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Batch normalisation of each channel, with scale and shift: in training by mean and variance of the batch, in scoring by running
/// averages of them, which are stored with the model but not trained.
/// </summary>
/// <param name="weights">The layer's scope.</param>
/// <param name="channels">C.</param>
internal sealed class BatchNorm(WeightScope weights, long channels)
{
    private const double Epsilon = 1e-5; // torch's default

    private readonly Weight _weight = weights.Norm("weight", Initializers.Constant(1), channels);
    private readonly Weight _bias = weights.Norm("bias", Initializers.Constant(0), channels);
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
        var (mean, variance) = (_runningMean.Value, _runningVariance.Value);
        // as x
        return nn.functional.batch_norm(x, mean, variance, _weight.Value, _bias.Value, training: byBatch, momentum: 0.1, eps: Epsilon);
    }

    /// <summary>Returns the linear layer that computes another one and this layer behind it, as it scores.</summary>
    /// <param name="layer">The layer before, C outputs.</param>
    public HostLinear Behind(HostLinear layer)
    {
        var (weight, bias) = (_weight.Host().Values, _bias.Host().Values);
        var (mean, variance) = (_runningMean.Host().Values, _runningVariance.Host().Values);
        double[] scale = [.. weight.Select((factor, c) => factor / Math.Sqrt(variance[c] + Epsilon))];
        var inputs = layer.Weight.Columns;
        return new HostLinear(
            new(layer.Weight.Shape, [.. layer.Weight.Values.Select((value, i) => (float)(scale[i / inputs] * value))]),
            new(layer.Bias.Shape, [.. layer.Bias.Values.Select((value, c) => (float)((scale[c] * (value - mean[c])) + bias[c]))]));
    }
}
