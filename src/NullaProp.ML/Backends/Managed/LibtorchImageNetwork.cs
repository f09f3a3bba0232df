using System.Runtime.InteropServices;
using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Managed;

/// <summary>An image network for one row that says nothing of its layers, by libtorch: one of the user's own.</summary>
/// <param name="normalization">The scaling of raw pixels.</param>
/// <param name="block">The block.</param>
/// <param name="shape">The size of the images.</param>
internal sealed class LibtorchImageNetwork(PixelNormalization normalization, DenoisingBlock block, ImageShape shape) : IImageNetwork
{
    /// <inheritdoc/>
    public ThreadTeam? NewTeam() => null;

    /// <inheritdoc/>
    public void Share(ReadOnlySpan<float> pixels, ThreadTeam? team, int threads, Span<float> share)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var image = empty([1, shape.Channels, shape.Height, shape.Width], dtype: ScalarType.Float32, device: CPU); // (1, C, H, W)
        pixels.CopyTo(MemoryMarshal.Cast<byte, float>(image.bytes));
        var result = block.ImageShare(normalization.Apply(image.to(normalization.Mean.Value.device))).cpu(); // (1, H)
        MemoryMarshal.Cast<byte, float>(result.contiguous().bytes).CopyTo(share);
    }
}
