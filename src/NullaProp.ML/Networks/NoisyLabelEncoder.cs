using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Reads the noisy label: Linear(D→H) – ReLU – Linear(H→H), plus z itself where D = H, which then is the seed project's residual block.
/// </summary>
/// <param name="weights">The network's scope.</param>
/// <param name="dimension">D, the length of z.</param>
/// <param name="hidden">H, the width of the code.</param>
internal sealed class NoisyLabelEncoder(WeightScope weights, long dimension, long hidden)
{
    private readonly Linear _first = new(weights.Under("first"), dimension, hidden);
    private readonly Linear _second = new(weights.Under("second"), hidden, hidden);
    private readonly bool _hasResidual = dimension == hidden;

    /// <summary>Returns the code of noisy labels.</summary>
    /// <param name="z">Noisy label embeddings, (B, D).</param>
    public Tensor Code(Tensor z)
    {
        var code = _second.Forward(_first.Forward(z).relu()); // (B, H)
        return _hasResidual ? z + code : code;
    }
}
