using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// A residual network (He et al. 2016, arXiv 1512.03385) with a linear layer in place of its classifier. Weights have the names of
/// torchvision's state dict, so that
/// trained ones fit.
/// </summary>
internal sealed class ResNetBackbone : Backbone
{
    /// <summary>The smaller side, in pixels, from which on images get ImageNet's stem, which halves them twice.</summary>
    private const int LargeImage = 64;

    private const int StemChannels = 64;
    private static readonly long[] PoolSide = [3, 3];
    private static readonly long[] PoolStride = [2, 2];
    private static readonly long[] PoolPadding = [1, 1];

    private readonly NormedConvolution _stem;
    private readonly bool _isPooled;
    private readonly IReadOnlyList<ResidualBlock> _blocks;

    /// <summary>Creates the network.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="depth">The number and kind of blocks.</param>
    /// <param name="shape">The size of the images.</param>
    /// <param name="features">H, the number of features.</param>
    public ResNetBackbone(WeightScope weights, ResNetDepth depth, ImageShape shape, long features)
    {
        _isPooled = Math.Min(shape.Height, shape.Width) >= LargeImage;
        var (side, stride) = _isPooled ? (7, 2) : (3, 1);
        _stem = new NormedConvolution(weights.Under("conv1"), weights.Under("bn1"), shape.Channels, StemChannels, side, stride);
        _blocks = Blocks(weights, depth);
        Output = new Linear(weights.Under("output"), _blocks[^1].Outputs, features);
    }

    /// <inheritdoc/>
    public override Linear Output { get; }

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training)
    {
        var x = _stem.Forward(images, training).relu_(); // (B, 64, H, W) or (B, 64, H/2, W/2)
        if (_isPooled)
        {
            x = nn.functional.max_pool2d(x, PoolSide, PoolStride, PoolPadding); // (B, 64, H/4, W/4)
        }

        foreach (var block in _blocks)
        {
            x = block.Forward(x, training); // in the end an eighth as high and wide
        }

        return x.mean([2, 3]); // (B, F)
    }

    /// <inheritdoc/>
    public override IReadOnlyList<BackboneLayer> Layers() =>
    [
        new BackboneLayer.Normed(_stem),
        new BackboneLayer.Relu(),
        .. _isPooled
            ? [new BackboneLayer.MaxPool((int)PoolSide[0], (int)PoolStride[0], (int)PoolPadding[0])]
            : Array.Empty<BackboneLayer>(),
        .. _blocks.SelectMany(block => block.Layers()),
        new BackboneLayer.ChannelMean(),
        new BackboneLayer.Dense(Output.Host()),
    ];

    // Four groups; from one to the next twice the channels at half the height and width.
    private static List<ResidualBlock> Blocks(WeightScope weights, ResNetDepth depth)
    {
        var blocks = new List<ResidualBlock>();
        var channels = (long)StemChannels;
        for (var group = 0; group < depth.Groups.Count; group++)
        {
            for (var i = 0; i < depth.Groups[group]; i++)
            {
                var block = depth.Block(
                    weights.Under($"layer{group + 1}").Under($"{i}"),
                    channels,
                    (long)StemChannels << group,
                    group > 0 && i == 0 ? 2 : 1);
                blocks.Add(block);
                channels = block.Outputs;
            }
        }

        return blocks;
    }
}
