using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Lets layers compute in the numbers of what they read, whatever those of their weights.</summary>
internal static class Rounding
{
    /// <summary>Returns a weight in the numbers of what it is applied to: itself where they are its own, else rounded, with a gradient in its own.</summary>
    /// <param name="weight">The weight.</param>
    /// <param name="x">What it is applied to.</param>
    public static Tensor As(this Tensor weight, Tensor x) => weight.dtype == x.dtype ? weight : weight.to(x.dtype);
}
