using NullaProp.ML.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Reads the time: sines and cosines at 32 learned frequencies, starting at N(0, 1) – Linear – SiLU – Linear, as in the JAX reference.
/// </summary>
/// <param name="weights">The network's scope.</param>
/// <param name="hidden">The width of the code.</param>
internal sealed class TimeEncoder(WeightScope weights, long hidden)
{
    private const int Frequencies = 32;
    private static readonly Scalar FullTurn = 2 * Math.PI;

    private readonly Weight _frequencies = weights.Undecayed("frequencies", Initializers.Normal(1), 1, Frequencies);
    private readonly Linear _first = new(weights.Under("first"), 2 * Frequencies, hidden);
    private readonly Linear _second = new(weights.Under("second"), hidden, hidden);

    /// <summary>Returns the code of times.</summary>
    /// <param name="time">Times, (B, 1), each 0 to 1.</param>
    public Tensor Code(Tensor time)
    {
        var angles = time.mul(FullTurn).mm(_frequencies.Value); // (B, 32)
        var waves = cat([angles.sin(), angles.cos()], 1); // (B, 64)
        return _second.Forward(nn.functional.silu(_first.Forward(waves))); // (B, hidden)
    }

    /// <summary>Returns the network in managed memory.</summary>
    public HostTimeEncoder Host() => new(_frequencies.Host(), _first.Host(), _second.Host());
}

/// <summary>
/// Reads the noisy label: Linear(D→H) – ReLU – Linear(H→H), plus z itself where D = H, which then is the JAX reference's residual block.
/// </summary>
/// <remarks>
/// Elsewhere the last matrix starts at 0, so that the network begins as a plain classifier and learns to read the label only as far as it
/// tells something: else its noise covers the image at first.
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

    /// <summary>Returns whether noisy labels are better not written out: one-hot ones that are longer than their code.</summary>
    /// <param name="z">The noisy labels.</param>
    public bool ReadsByParts(NoisyLabels z) => z.AreOneHot && dimension > hidden;

    /// <summary>Returns the code of noisy labels that are not written out.</summary>
    /// <param name="z">Noisy labels that are read by parts.</param>
    /// <param name="factor">What they are multiplied by before.</param>
    public Tensor Code(NoisyLabels z, Scalar factor) => Second.Forward(z.Through(First, factor).relu_()); // (B, H)
}
