using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Plan;

/// <summary>
/// A trained block with neighbouring linear layers multiplied out. The noisy label is kept as z = r + q·W with r the same for every image
/// and q of length K, for it only ever gains multiples of rows of W (docs/performance.md): its first layer reads q, its second and its
/// share of the head's first layer are one matrix. All matrices are (outputs, inputs).
/// </summary>
internal sealed class FoldedBlock
{
    private readonly double _labelScale;
    private readonly HostLinear _first;
    private readonly HostTimeEncoder? _time;
    private readonly double[] _secondBias;
    private readonly HostJoin _join;

    /// <summary>Multiplies out a block's layers.</summary>
    /// <param name="block">The block.</param>
    /// <param name="rows">W, (K, D); <see langword="null"/> for the identity.</param>
    public FoldedBlock(DenoisingBlock block, HostTensor? rows)
    {
        var second = block.LabelEncoder.Second.Host();
        _labelScale = block.LabelScale;
        (_first, _time, _join) = (block.LabelEncoder.First.Host(), block.Time?.Host(), block.Head.HostJoin());
        _secondBias = [.. second.Bias.Values.Select(value => (double)value)];
        var labelColumns = _join.LabelColumns(); // (H, H)
        LabelMatrix = OnCombination(_first.Weight, rows);
        LabelFold = labelColumns.Times(second.Weight);
        ResidualMatrix = block.LabelEncoder.HasResidual ? OnCombination(labelColumns, rows) : null;
    }

    /// <summary>Gets what the label's first layer makes of q, (H, K).</summary>
    public HostTensor LabelMatrix { get; }

    /// <summary>Gets the label's second layer times its share of the head's first, (H, H).</summary>
    public HostTensor LabelFold { get; }

    /// <summary>Gets what the head's first layer makes of z itself through q, (H, K), where the encoder adds z to its code.</summary>
    public HostTensor? ResidualMatrix { get; }

    /// <summary>Returns what a stage adds that is the same for every image.</summary>
    /// <param name="offset">r, (D).</param>
    /// <param name="time">t.</param>
    public FoldedStage Constants(double[] offset, double time)
    {
        var label = Array.ConvertAll(offset, r => _labelScale * r); // (D)
        var code = ResidualMatrix is null ? _secondBias : [.. _secondBias.Zip(label, (bias, r) => bias + r)]; // (H)
        var shares = _join.LabelShare(code); // (H)
        var timeShare = _time is null ? new double[shares.Length] : _join.TimeShare(_time.Code(time)); // (H)
        var head = shares.Select((share, i) => (float)(share + timeShare[i] + _join.Layer.Bias.Values[i]));
        return new([.. _first.Forward(label).Select(value => (float)value)], [.. head]);
    }

    // What a layer that reads z makes of q. With one-hot labels q is what is left of z itself.
    private HostTensor OnCombination(HostTensor layer, HostTensor? rows)
    {
        var matrix = rows is null ? layer : layer.TimesTransposed(rows);
        return _labelScale == 1 ? matrix : matrix.Scaled(_labelScale);
    }
}
