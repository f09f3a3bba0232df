using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Sets values to 0 at random in training and scales the others up, so that their mean stays.</summary>
/// <param name="layer">The layer's scope: it has no weights, but a name, by which it draws.</param>
/// <param name="share">The share of values that are dropped, 0 to below 1.</param>
internal sealed class Dropout(WeightScope layer, double share)
{
    private readonly Lazy<Scalar> _scale = new(() => 1 / (1 - share)); // a native number: made when tensors are

    /// <summary>Applies the layer.</summary>
    /// <param name="x">Values of any shape.</param>
    /// <param name="training">The place in a training, whose stream says what is dropped; <see langword="null"/> in scoring, where the
    /// values stay.</param>
    public Tensor Forward(Tensor x, TrainingContext? training)
    {
        if (training is null)
        {
            return x;
        }

        var kept = training.Stream($"dropout/{layer.Prefix}").Bernoulli(x.shape, x.dtype, 1 - share); // 0 or 1, as x
        return x * kept.mul_(_scale.Value).to(x.device);
    }
}
