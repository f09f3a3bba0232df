using System.Numerics.Tensors;
using NullaProp.ML.Networks;

namespace NullaProp.ML.Sampling;

/// <summary>One block for one image, in managed memory.</summary>
internal sealed class RowBlock
{
    private readonly IRowBackbone _backbone;
    private readonly RowHead _head;
    private readonly RowMatrix _labelMatrix;
    private readonly RowMatrix _labelFold;
    private readonly RowMatrix? _residual;

    /// <summary>Copies the weights of a block.</summary>
    /// <param name="model">The model.</param>
    /// <param name="block">The block.</param>
    /// <param name="folded">Its multiplied-out layers.</param>
    /// <param name="shape">The size of the images.</param>
    public RowBlock(Denoiser model, DenoisingBlock block, FoldedBlock folded, ImageShape shape)
    {
        _backbone = block.Backbone switch
        {
            ConvBackbone backbone => new RowConvBackbone(model.Normalization, backbone, block.Head, shape),
            MlpBackbone backbone => new RowMlpBackbone(model.Normalization, backbone, block.Head, shape),
            _ => new TorchRowBackbone(model.Normalization, block, shape),
        };
        _head = new RowHead(block.Head);
        (_labelMatrix, _labelFold, _residual) = (folded.LabelMatrix, folded.LabelFold, folded.ResidualMatrix);
    }

    /// <summary>Returns working memory for blocks like this one.</summary>
    /// <param name="blocks">Their number.</param>
    /// <param name="classes">K.</param>
    public RowMemory Memory(int blocks, int classes) => new(_backbone.Lengths, blocks, _labelFold.Width, _head.NarrowWidth, RowKernels.Padded(classes));

    /// <summary>Writes the image's share of the head's first layer.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="memory">Working memory.</param>
    /// <param name="share">Where to write.</param>
    public void ImageShare(ReadOnlySpan<float> pixels, RowMemory memory, Span<float> share) => _backbone.ImageShare(pixels, memory, share);

    /// <summary>Evaluates the block at the working memory's point and writes its logits there, as the prediction.</summary>
    /// <param name="imageShare">The image's share of the head's first layer.</param>
    /// <param name="bias">What the stage adds, padded to whole vectors.</param>
    /// <param name="memory">Working memory.</param>
    /// <param name="classes">K.</param>
    public void Evaluate(ReadOnlySpan<float> imageShare, FoldedStage bias, RowMemory memory, int classes)
    {
        var point = memory.Point.AsSpan(0, classes);
        bias.Label.CopyTo(memory.Label, 0);
        _labelMatrix.MultiplyAdd(point, memory.Label);
        TensorPrimitives.Max(memory.Label, 0f, memory.Label);

        TensorPrimitives.Add(imageShare, bias.Head, memory.Joined);
        _labelFold.MultiplyAdd(memory.Label.AsSpan(0, _head.Hidden), memory.Joined);
        _residual?.MultiplyAdd(point, memory.Joined);
        _head.Logits(memory);
    }
}
