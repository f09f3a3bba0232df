using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// Joins image features, label code and time code into class logits: Linear(3H→H) – LayerNorm – ReLU – Linear(H→128) – LayerNorm – ReLU – Linear(128→K), as in the
/// seed project.
/// </summary>
/// <remarks>
/// The first layer reads the three parts side by side, so its output is the sum of a share of each. The shares are asked for one by one: the image's once per
/// image, the time's once per stage of a sampling plan.
/// </remarks>
internal sealed class FusionHead
{
    private const int Narrow = 128;

    private readonly long _hidden;
    private readonly Linear _join;
    private readonly LayerNorm _joinNorm;
    private readonly Linear _narrow;
    private readonly LayerNorm _narrowNorm;
    private readonly Linear _output;

    /// <summary>Creates the head.</summary>
    /// <param name="weights">The head's scope.</param>
    /// <param name="hidden">H, the width of each of the three parts.</param>
    /// <param name="classes">K, the number of classes.</param>
    public FusionHead(WeightScope weights, long hidden, long classes)
    {
        _hidden = hidden;
        _join = new Linear(weights.Under("join"), 3 * hidden, hidden);
        _joinNorm = new LayerNorm(weights.Under("join_norm"), hidden);
        _narrow = new Linear(weights.Under("narrow"), hidden, Narrow);
        _narrowNorm = new LayerNorm(weights.Under("narrow_norm"), Narrow);
        _output = new Linear(weights.Under("output"), Narrow, classes);
    }

    /// <summary>Returns the columns of the first layer that read the image's features, (H, H).</summary>
    public Tensor ImageColumns() => _join.Weight.narrow(1, 0, _hidden);

    /// <summary>Returns the columns of the first layer that read the noisy label's code, (H, H).</summary>
    public Tensor LabelColumns() => _join.Weight.narrow(1, _hidden, _hidden);

    /// <summary>Returns the image's share of the first layer.</summary>
    /// <param name="features">Image features, (B, H).</param>
    public Tensor ImageShare(Tensor features) => _join.Share(features, 0); // (B, H)

    /// <summary>Returns the noisy label's share of the first layer.</summary>
    /// <param name="code">Label codes, (B, H).</param>
    public Tensor LabelShare(Tensor code) => _join.Share(code, _hidden); // (B, H)

    /// <summary>Returns the time's share of the first layer, bias included.</summary>
    /// <param name="code">Time codes, (B, H) or (1, H).</param>
    public Tensor TimeShare(Tensor code) => _join.Share(code, 2 * _hidden) + _join.Bias; // (B, H) or (1, H)

    /// <summary>Returns the logits.</summary>
    /// <param name="joined">The sum of the three shares, (B, H).</param>
    public Tensor Logits(Tensor joined)
    {
        var x = _joinNorm.Forward(joined).relu(); // (B, H)
        x = _narrowNorm.Forward(_narrow.Forward(x)).relu(); // (B, 128)
        return _output.Forward(x); // (B, K)
    }
}
