using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Backends.Torch;

/// <summary>
/// The image network of a block for a batch: libtorch's, but on the CPU for one that begins with convolutions
/// (<see cref="BatchLayers"/>).
/// </summary>
/// <param name="block">The block.</param>
/// <threadsafety>Any number of threads may use one.</threadsafety>
internal sealed class BatchImageNetwork(DenoisingBlock block)
{
    private readonly Lock _turn = new();
    private bool _isKnown; // whether there are such convolutions: the first images tell their size
    private BatchLayers? _layers;

    /// <summary>Returns the image's share of the head's first layer.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    public Tensor Share(Tensor images)
    {
        using var scope = NewDisposeScope(); // a batch's maps take far more memory than what becomes of them
        var features = Layers(images)?.Features(images) ?? block.Backbone.Features(images); // (B, H)
        return block.Head.ImageShare(features).MoveToOuterDisposeScope(); // (B, H)
    }

    private BatchLayers? Layers(Tensor images)
    {
        lock (_turn)
        {
            if (!_isKnown)
            {
                _layers = images.device_type == TorchSharp.DeviceType.CPU ? Made(images.shape) : null;
                _isKnown = true;
            }

            return _layers;
        }
    }

    private BatchLayers? Made(long[] images) =>
        block.Backbone.Layers() is [BackboneLayer.Convolution or BackboneLayer.Normed, ..] layers
            ? new BatchLayers(layers, new ImageShape((int)images[1], (int)images[2], (int)images[3]))
            : null;
}
