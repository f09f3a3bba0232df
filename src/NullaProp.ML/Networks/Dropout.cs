using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Sets values to 0 at random in training and scales the others up, so that their mean stays.</summary>
/// <param name="share">The share of values that are dropped, 0 to below 1.</param>
internal sealed class Dropout(double share)
{
    private readonly Scalar _scale = 1 / (1 - share);

    /// <summary>Applies the layer.</summary>
    /// <param name="x">Values of any shape.</param>
    /// <param name="pass">Of training, whose generator draws what is dropped; <see langword="null"/> in scoring, where the values stay.</param>
    public Tensor Forward(Tensor x, TrainingPass? pass)
    {
        if (pass is null)
        {
            return x;
        }

        var kept = empty(x.shape).bernoulli_(1 - share, pass.Random); // 0 or 1, as x
        return x * kept.mul_(_scale).to(x.dtype, x.device);
    }
}
