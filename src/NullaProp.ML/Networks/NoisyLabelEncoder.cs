using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Reads the noisy label: Linear(D→H) – ReLU – Linear(H→H), plus z itself where D = H, which then is the JAX reference's residual block.
/// </summary>
/// <remarks>
/// Elsewhere the last matrix starts at 0, so that the network begins as a plain classifier and learns to read the label only as far as it
/// tells something: else its noise
/// drowns the image in the first epochs (docs/decisions.md).
/// </remarks>
/// <param name="weights">The network's scope.</param>
/// <param name="dimension">D, the length of z.</param>
/// <param name="hidden">H, the width of the code.</param>
internal sealed class NoisyLabelEncoder(WeightScope weights, long dimension, long hidden)
{
    /// <summary>Gets the first layer.</summary>
    public Linear First { get; } = new(weights.Under("first"), dimension, hidden);

    /// <summary>Gets the second layer.</summary>
    public Linear Second { get; } = new(weights.Under("second"), hidden, hidden, dimension == hidden ? null : Initializers.Constant(0));

    /// <summary>Gets a value indicating whether z itself is added to the code.</summary>
    public bool HasResidual { get; } = dimension == hidden;

    /// <summary>Returns the code of noisy labels.</summary>
    /// <param name="z">Noisy label embeddings, (B, D).</param>
    public Tensor Code(Tensor z)
    {
        var code = Second.Forward(First.Forward(z).relu_()); // (B, H)
        return HasResidual ? z.Plus(code) : code;
    }
}
