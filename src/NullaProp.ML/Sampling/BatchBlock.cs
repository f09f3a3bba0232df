using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>A <see cref="FoldedBlock"/> as tensors, with the network that reads the images.</summary>
/// <param name="Block">The block.</param>
/// <param name="LabelMatrix">What the label's first layer makes of q, (K, H).</param>
/// <param name="LabelFold">The label's second layer times its share of the head's first, (H, H).</param>
/// <param name="ResidualMatrix">What the head's first layer makes of z itself through q, (K, H), where the encoder adds z to its code.</param>
internal sealed record BatchBlock(DenoisingBlock Block, Tensor LabelMatrix, Tensor LabelFold, Tensor? ResidualMatrix)
{
    /// <summary>Returns the image's share of the head's first layer.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    public Tensor ImageShare(Tensor images)
    {
        using var scope = NewDisposeScope(); // a batch's maps take far more memory than what becomes of them
        return Block.ImageShare(images).MoveToOuterDisposeScope(); // (B, H)
    }
}
