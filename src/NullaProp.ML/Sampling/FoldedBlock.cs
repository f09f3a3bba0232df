using NullaProp.ML.Diffusion;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>
/// A trained block with neighbouring linear layers multiplied out. The noisy label is kept as z = r + q·W with r the same for every image and q of length K, for it only
/// ever gains multiples of rows of W (docs/performance.md): its first layer reads q, its second and its share of the head's first layer are one matrix.
/// </summary>
internal sealed class FoldedBlock : IDisposable
{
    private readonly DenoisingBlock _block;

    /// <summary>Multiplies out a block's layers, in double precision.</summary>
    /// <param name="block">The block; it stays the caller's.</param>
    /// <param name="embedding">The class embeddings.</param>
    public FoldedBlock(DenoisingBlock block, ClassEmbedding embedding)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        _block = block;
        var rows = Double(embedding.Matrix()); // (K, D)
        var (first, second, output) = (block.LabelEncoder.First, block.LabelEncoder.Second, block.Backbone.Output);
        var (imageColumns, labelColumns) = (Double(block.Head.ImageColumns()), Double(block.Head.LabelColumns()));
        LabelMatrix = Kept(rows.mm(Double(first.Weight).t())); // (K, H)
        LabelFold = Kept(Double(second.Weight).t().mm(labelColumns.t())); // (H, H)
        ResidualMatrix = block.LabelEncoder.HasResidual ? Kept(rows.mm(labelColumns.t())) : null; // (K, H)
        ImageMatrix = Kept(output is null ? imageColumns : imageColumns.mm(Double(output.Weight))); // (H, F)
        ImageBias = Kept(output is null ? zeros(imageColumns.shape[0], device: imageColumns.device) : Double(output.Bias).unsqueeze(0).mm(imageColumns.t()).squeeze(0)); // (H)
    }

    /// <summary>Gets what the label's first layer makes of q, (K, H).</summary>
    public Tensor LabelMatrix { get; }

    /// <summary>Gets the label's second layer times its share of the head's first, (H, H).</summary>
    public Tensor LabelFold { get; }

    /// <summary>Gets what the head's first layer makes of z itself through q, (K, H), where the encoder adds z to its code.</summary>
    public Tensor? ResidualMatrix { get; }

    /// <summary>Gets the backbone's last linear layer, where there is one, times its share of the head's first, (H, F).</summary>
    public Tensor ImageMatrix { get; }

    /// <summary>Gets the bias that goes with it, (H).</summary>
    public Tensor ImageBias { get; }

    /// <summary>Returns the image's share of the head's first layer.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    public Tensor ImageShare(Tensor images)
    {
        using var scope = NewDisposeScope(); // a batch's maps take far more memory than what becomes of them
        return nn.functional.linear(_block.Backbone.Maps(images, pass: null), ImageMatrix, ImageBias).MoveToOuterDisposeScope(); // (B, H)
    }

    /// <summary>Returns what a stage adds that is the same for every image.</summary>
    /// <param name="offset">r, (1, D).</param>
    /// <param name="time">t.</param>
    /// <returns>The bias of the label's first layer and the bias of the head's first layer, (1, H) each.</returns>
    public (Tensor Label, Tensor Head) Biases(Tensor offset, double time)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var encoder = _block.LabelEncoder;
        var head = _block.Head.LabelShare(encoder.Second.Bias.unsqueeze(0)).Plus(_block.TimeShare(tensor((float)time, device: offset.device).view(1, 1))); // (1, H)
        if (encoder.HasResidual)
        {
            head = head.Plus(_block.Head.LabelShare(offset));
        }

        return (encoder.First.Forward(offset).DetachFromDisposeScope(), head.DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LabelMatrix.Dispose();
        LabelFold.Dispose();
        ResidualMatrix?.Dispose();
        ImageMatrix.Dispose();
        ImageBias.Dispose();
    }

    private static Tensor Double(Tensor weight) => weight.to(ScalarType.Float64);

    private static Tensor Kept(Tensor product) => product.to(ScalarType.Float32).DetachFromDisposeScope();
}
