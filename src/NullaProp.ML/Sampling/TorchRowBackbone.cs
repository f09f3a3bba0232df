using System.Runtime.InteropServices;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Sampling;

/// <summary>Any image network for one image, by libtorch: where it is large, its arithmetic counts for more than the calls.</summary>
/// <param name="normalization">The scaling of raw pixels.</param>
/// <param name="block">The block.</param>
/// <param name="shape">The size of the images.</param>
internal sealed class TorchRowBackbone(PixelNormalization normalization, DenoisingBlock block, ImageShape shape) : IRowBackbone
{
    /// <inheritdoc/>
    public RowMapLengths Lengths => default;

    /// <inheritdoc/>
    public void ImageShare(ReadOnlySpan<float> pixels, RowMemory memory, Span<float> share)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var image = empty([1, shape.Channels, shape.Height, shape.Width]); // (1, C, H, W)
        pixels.CopyTo(MemoryMarshal.Cast<byte, float>(image.bytes));
        var result = block.ImageShare(normalization.Apply(image.to(normalization.Mean.Value.device))).cpu(); // (1, H)
        MemoryMarshal.Cast<byte, float>(result.contiguous().bytes).CopyTo(share);
    }
}
