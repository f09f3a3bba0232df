using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>
/// A trained block with neighbouring linear layers multiplied out. The noisy label is kept as z = r + q·W with r the same for every image and q of length K, for it only
/// ever gains multiples of rows of W (docs/performance.md): its first layer reads q, its second and its share of the head's first layer are one matrix.
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
    /// <param name="embedding">The class embeddings.</param>
    public FoldedBlock(DenoisingBlock block, ClassEmbedding embedding)
    {
        var second = block.LabelEncoder.Second.Host();
        _labelScale = block.LabelScale;
        (_first, _time, _join) = (block.LabelEncoder.First.Host(), block.Time?.Host(), block.Head.HostJoin());
        _secondBias = [.. second.Bias.Values.Select(value => (double)value)];
        var rows = RowMatrix.Of(embedding.Rows().Scaled(_labelScale)); // (K, D)
        var labelColumns = RowMatrix.Transposed(_join.LabelColumns()); // (H, H)
        LabelMatrix = rows.Times(RowMatrix.Transposed(_first.Weight));
        LabelFold = RowMatrix.Transposed(second.Weight).Times(labelColumns);
        ResidualMatrix = block.LabelEncoder.HasResidual ? rows.Times(labelColumns) : null;
    }

    /// <summary>Gets what the label's first layer makes of q, (K, H).</summary>
    public RowMatrix LabelMatrix { get; }

    /// <summary>Gets the label's second layer times its share of the head's first, (H, H).</summary>
    public RowMatrix LabelFold { get; }

    /// <summary>Gets what the head's first layer makes of z itself through q, (K, H), where the encoder adds z to its code.</summary>
    public RowMatrix? ResidualMatrix { get; }

    /// <summary>Returns what a stage adds that is the same for every image.</summary>
    /// <param name="offset">r, (D).</param>
    /// <param name="time">t.</param>
    /// <returns>The bias of the label's first layer and the bias of the head's first layer, (H) each.</returns>
    public (float[] Label, float[] Head) Biases(double[] offset, double time)
    {
        var label = Array.ConvertAll(offset, r => _labelScale * r); // (D)
        var code = ResidualMatrix is null ? _secondBias : [.. _secondBias.Zip(label, (bias, r) => bias + r)]; // (H)
        var shares = _join.LabelShare(code); // (H)
        var timeShare = _time is null ? new double[shares.Length] : _join.TimeShare(_time.Code(time)); // (H)
        var head = shares.Select((share, i) => (float)(share + timeShare[i] + _join.Layer.Bias.Values[i]));
        return ([.. _first.Forward(label).Select(value => (float)value)], [.. head]);
    }
}
