using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Joins image features, label code and, where there is one, time code into class logits: Linear(3H→H) – LayerNorm – ReLU – Linear(H→128) –
/// LayerNorm – ReLU – Linear(128→K), as in the JAX reference.
/// </summary>
/// <remarks>
/// The first layer reads the parts side by side, so its output is the sum of a share of each. The shares are asked for one by one: the
/// image's once per image, the time's once per stage of a sampling plan.
/// </remarks>
internal sealed class FusionHead
{
    /// <summary>The width of the layer before the logits.</summary>
    public const int NarrowWidth = 128;

    private readonly long _hidden;
    private readonly Linear _join;

    /// <summary>Creates the head.</summary>
    /// <param name="weights">The head's scope.</param>
    /// <param name="hidden">H, the width of each part.</param>
    /// <param name="classes">K, the number of classes.</param>
    /// <param name="parts">3, or 2 where no time is read.</param>
    public FusionHead(WeightScope weights, long hidden, long classes, int parts)
    {
        _hidden = hidden;
        _join = new Linear(weights.Under("join"), parts * hidden, hidden);
        JoinNorm = new LayerNorm(weights.Under("join_norm"), hidden);
        Narrow = new Linear(weights.Under("narrow"), hidden, NarrowWidth);
        NarrowNorm = new LayerNorm(weights.Under("narrow_norm"), NarrowWidth);
        Output = new Linear(weights.Under("output"), NarrowWidth, classes);
    }

    /// <summary>Gets the norm behind the first layer.</summary>
    public LayerNorm JoinNorm { get; }

    /// <summary>Gets the second layer.</summary>
    public Linear Narrow { get; }

    /// <summary>Gets the norm behind it.</summary>
    public LayerNorm NarrowNorm { get; }

    /// <summary>Gets the last layer.</summary>
    public Linear Output { get; }

    /// <summary>Gets the bias of the first layer, (H).</summary>
    public Tensor Bias => _join.Bias.Value;

    /// <summary>Returns the first layer in managed memory.</summary>
    public HostJoin HostJoin() => new(_join.Host(), (int)_hidden);

    /// <summary>Returns the image's share of the first layer.</summary>
    /// <param name="features">Image features, (B, H).</param>
    public Tensor ImageShare(Tensor features) => _join.Share(features, 0); // (B, H)

    /// <summary>Returns the noisy label's share of the first layer.</summary>
    /// <param name="code">Label codes, (B, H).</param>
    public Tensor LabelShare(Tensor code) => _join.Share(code, _hidden); // (B, H)

    /// <summary>Returns the time's share of the first layer, bias included.</summary>
    /// <param name="code">Time codes, (B, H) or (1, H).</param>
    public Tensor TimeShare(Tensor code) => _join.Share(code, 2 * _hidden).Plus(_join.Bias.Value); // (B, H) or (1, H)

    /// <summary>Returns the logits.</summary>
    /// <param name="joined">The sum of the shares, (B, H).</param>
    public Tensor Logits(Tensor joined) => Output.Forward(Hidden(joined)); // (B, K)

    /// <summary>Returns the logits class by class, in which torch's softmax over so few classes is four times as fast.</summary>
    /// <param name="joined">The sum of the shares, (B, H).</param>
    // (K, B)
    public Tensor TransposedLogits(Tensor joined) => Output.Bias.Value.unsqueeze(1).addmm(Output.Weight.Value, Hidden(joined).t());

    private Tensor Hidden(Tensor joined)
    {
        var x = JoinNorm.Forward(joined).relu_(); // (B, H)
        return NarrowNorm.Forward(Narrow.Forward(x)).relu_(); // (B, 128)
    }
}
