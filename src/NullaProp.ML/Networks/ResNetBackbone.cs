using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// A residual network (He et al. 2016, arXiv 1512.03385) with a linear layer in place of its classifier. Weights have the names of
/// torchvision's state dict, so that trained ones fit.
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
    private readonly IReadOnlyList<IReadOnlyList<ResidualBlock>> _stages;

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
        _stages = Stages(weights, depth);
        Output = new Linear(weights.Under("output"), _stages[^1][^1].Outputs, features);
    }

    /// <inheritdoc/>
    public override Linear Output { get; }

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training) =>
        Features(_stages[^1], MapsBelowLastStage(images, training), training);

    /// <summary>Returns what the last stage reads.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> in scoring.</param>
    /// <returns>(B, channels, H/4, W/4), and half of that where images are pooled twice.</returns>
    public Tensor MapsBelowLastStage(Tensor images, TrainingContext? training)
    {
        var x = _stem.Forward(ChannelsLast.Of(images), training).relu_(); // (B, 64, H, W) or (B, 64, H/2, W/2)
        if (_isPooled)
        {
            x = nn.functional.max_pool2d(x, PoolSide, PoolStride, PoolPadding); // (B, 64, H/4, W/4)
        }

        return _stages.SkipLast(1).SelectMany(stage => stage).Aggregate(x, (maps, block) => block.Forward(maps, training));
    }

    /// <summary>Makes a stage.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="depth">The number and kind of blocks.</param>
    /// <param name="number">The stage, from 0.</param>
    /// <param name="inputs">Input channels.</param>
    public static IReadOnlyList<ResidualBlock> Stage(WeightScope weights, ResNetDepth depth, int number, long inputs)
    {
        var blocks = new List<ResidualBlock>();
        for (var i = 0; i < depth.Groups[number]; i++)
        {
            var scope = weights.Under($"layer{number + 1}").Under($"{i}");
            var stride = number > 0 && i == 0 ? 2 : 1; // from one stage to the next twice the channels at half the height and width
            blocks.Add(depth.Block(scope, i == 0 ? inputs : blocks[^1].Outputs, (long)StemChannels << number, stride));
        }

        return blocks;
    }

    /// <summary>Applies the last stage, and takes the mean of each channel.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="maps">From <see cref="MapsBelowLastStage"/>.</param>
    /// <param name="training">The place in a training; <see langword="null"/> in scoring.</param>
    public static Tensor Features(IReadOnlyList<ResidualBlock> stage, Tensor maps, TrainingContext? training) =>
        stage.Aggregate(ChannelsLast.Of(maps), (x, block) => block.Forward(x, training)).mean([2, 3]); // (B, F)

    /// <inheritdoc/>
    public override IReadOnlyList<BackboneLayer> Layers() => [.. LayersToFeatures(), new BackboneLayer.Dense(Output.Host())];

    /// <summary>Returns the layers by which the network scores, without its last one.</summary>
    public IReadOnlyList<BackboneLayer> LayersToFeatures() =>
        [.. LayersBelowLastStage(), .. _stages[^1].SelectMany(block => block.Layers()), new BackboneLayer.ChannelMean()];

    /// <summary>Returns the layers that compute what the last stage reads.</summary>
    public IReadOnlyList<BackboneLayer> LayersBelowLastStage() =>
    [
        new BackboneLayer.Normed(_stem),
        new BackboneLayer.Relu(),
        .. _isPooled
            ? [new BackboneLayer.MaxPool((int)PoolSide[0], (int)PoolStride[0], (int)PoolPadding[0])]
            : Array.Empty<BackboneLayer>(),
        .. _stages.SkipLast(1).SelectMany(stage => stage).SelectMany(block => block.Layers()),
    ];

    // The four of them.
    private static List<IReadOnlyList<ResidualBlock>> Stages(WeightScope weights, ResNetDepth depth)
    {
        var stages = new List<IReadOnlyList<ResidualBlock>>();
        for (var number = 0; number < depth.Groups.Count; number++)
        {
            stages.Add(Stage(weights, depth, number, number == 0 ? StemChannels : stages[^1][^1].Outputs));
        }

        return stages;
    }
}

/// <summary>How deep a residual network is (He et al. 2016, table 1).</summary>
/// <param name="Block">Makes a block from scope, input channels, width and stride.</param>
/// <param name="Groups">The number of blocks in each of the four groups.</param>
internal sealed record ResNetDepth(Func<WeightScope, long, long, int, ResidualBlock> Block, IReadOnlyList<int> Groups)
{
    /// <summary>Gets the network of 18 layers.</summary>
    public static ResNetDepth Of18 { get; } = new(ResidualBlock.Basic, [2, 2, 2, 2]);

    /// <summary>
    /// Gets the network of 20 layers that <see cref="NoPropBackbone.PretrainedResNet18"/> names: one block more than its name says.
    /// </summary>
    public static ResNetDepth OfPretrained { get; } = new(ResidualBlock.Basic, [2, 2, 2, 3]);

    /// <summary>Gets the network of 50 layers.</summary>
    public static ResNetDepth Of50 { get; } = new(ResidualBlock.Bottleneck, [3, 4, 6, 3]);

    /// <summary>Gets the network of 152 layers.</summary>
    public static ResNetDepth Of152 { get; } = new(ResidualBlock.Bottleneck, [3, 8, 36, 3]);
}

/// <summary>
/// A block of a residual network (He et al. 2016): convolutions with ReLU between them, to whose result the block's input is added before
/// the last ReLU. Where number of channels or size change, the input goes through a 1×1 convolution first.
/// </summary>
internal sealed class ResidualBlock
{
    private readonly NormedConvolution[] _layers;
    private readonly NormedConvolution? _shortcut;

    private ResidualBlock(WeightScope weights, long inputs, IReadOnlyList<(long Outputs, int Side, int Stride)> layers)
    {
        var width = inputs;
        _layers = new NormedConvolution[layers.Count];
        for (var i = 0; i < layers.Count; i++)
        {
            var (outputs, side, stride) = layers[i];
            _layers[i] = new NormedConvolution(weights.Under($"conv{i + 1}"), weights.Under($"bn{i + 1}"), width, outputs, side, stride);
            width = outputs;
        }

        var totalStride = layers.Max(layer => layer.Stride);
        var shortcut = weights.Under("downsample");
        _shortcut = inputs == width && totalStride == 1
            ? null
            : new NormedConvolution(shortcut.Under("0"), shortcut.Under("1"), inputs, width, side: 1, totalStride);
        Outputs = width;
    }

    /// <summary>Gets the number of output channels.</summary>
    public long Outputs { get; }

    /// <summary>Returns the block of ResNet-18: two 3×3 convolutions.</summary>
    /// <param name="weights">The block's scope.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="width">Channels of both convolutions.</param>
    /// <param name="stride">The first convolution's stride.</param>
    public static ResidualBlock Basic(WeightScope weights, long inputs, long width, int stride) =>
        new(weights, inputs, [(width, 3, stride), (width, 3, 1)]);

    /// <summary>
    /// Returns the block of ResNet-50 and -152: 1×1, 3×3 and 1×1 convolutions, the last four times as wide. The 3×3 one strides, as in
    /// torchvision.
    /// </summary>
    /// <param name="weights">The block's scope.</param>
    /// <param name="inputs">Input channels.</param>
    /// <param name="width">Channels of the first two convolutions.</param>
    /// <param name="stride">The 3×3 convolution's stride.</param>
    public static ResidualBlock Bottleneck(WeightScope weights, long inputs, long width, int stride) =>
        new(weights, inputs, [(width, 1, 1), (width, 3, stride), (4 * width, 1, 1)]);

    /// <summary>Returns the layers by which it scores.</summary>
    public IEnumerable<BackboneLayer> Layers()
    {
        List<BackboneLayer> path = [new BackboneLayer.Normed(_layers[0])];
        foreach (var layer in _layers.Skip(1))
        {
            path.AddRange([new BackboneLayer.Relu(), new BackboneLayer.Normed(layer)]);
        }

        return [new BackboneLayer.Residual(path, _shortcut is null ? [] : [new BackboneLayer.Normed(_shortcut)]), new BackboneLayer.Relu()];
    }

    /// <summary>Applies the block.</summary>
    /// <param name="x">(B, inputs, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> in scoring.</param>
    /// <returns>(B, outputs, ⌈H/stride⌉, ⌈W/stride⌉).</returns>
    public Tensor Forward(Tensor x, TrainingContext? training)
    {
        var y = _layers[0].Forward(x, training);
        foreach (var layer in _layers.Skip(1))
        {
            y = layer.Forward(y.relu_(), training);
        }

        return y.add_(_shortcut is null ? x : _shortcut.Forward(x, training), HeldScalar.One).relu_();
    }
}
