using NullaProp.ML.Tensors;

namespace NullaProp.ML.Networks;

/// <summary>The first layer of a <see cref="FusionHead"/> in managed memory.</summary>
/// <param name="Layer">The layer, which reads image features, label code and, where there is one, time code side by side.</param>
/// <param name="Hidden">H, the width of each.</param>
internal sealed record HostJoin(HostLinear Layer, int Hidden)
{
    /// <summary>Returns the columns that read the image's features, (H, H).</summary>
    public HostTensor ImageColumns() => Layer.Weight.ColumnRange(0, Hidden);

    /// <summary>Returns the columns that read the noisy label's code, (H, H).</summary>
    public HostTensor LabelColumns() => Layer.Weight.ColumnRange(Hidden, Hidden);

    /// <summary>Returns the noisy label's share.</summary>
    /// <param name="code">A label code, (H).</param>
    public double[] LabelShare(ReadOnlySpan<double> code) => Layer.Share(code, Hidden); // (H)

    /// <summary>Returns the time's share, without the bias.</summary>
    /// <param name="code">A time code, (H).</param>
    public double[] TimeShare(ReadOnlySpan<double> code) => Layer.Share(code, 2 * Hidden); // (H)
}
