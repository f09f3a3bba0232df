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
    /// <param name="folded">Its multiplied-out layers; an image network without a managed form goes on using them.</param>
    /// <param name="shape">The size of the images.</param>
    public RowBlock(Denoiser model, DenoisingBlock block, FoldedBlock folded, ImageShape shape)
    {
        _backbone = block.Backbone is ConvBackbone convolutions
            ? new RowBackbone(model.Normalization, convolutions, folded, shape)
            : new TorchRowBackbone(model.Normalization, folded, shape);
        _head = new RowHead(block.Head);
        _labelMatrix = new RowMatrix(folded.LabelMatrix);
        _labelFold = new RowMatrix(folded.LabelFold);
        _residual = folded.ResidualMatrix is { } residual ? new RowMatrix(residual) : null;
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
    /// <param name="bias">What the stage adds.</param>
    /// <param name="memory">Working memory.</param>
    /// <param name="classes">K.</param>
    public void Evaluate(ReadOnlySpan<float> imageShare, RowStage bias, RowMemory memory, int classes)
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

/// <summary>What one evaluation adds that is the same for every image, padded to whole vectors.</summary>
/// <param name="Label">The bias of the label's first layer.</param>
/// <param name="Head">The bias of the head's first layer.</param>
/// <param name="Readout">The bias of the read-out, where the network predicts a velocity.</param>
internal readonly record struct RowStage(float[] Label, float[] Head, float[]? Readout);
