using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// A block of a residual network (He et al. 2016): convolutions with ReLU between them, to whose result the block's input is added before
/// the last ReLU. Where number
/// of channels or size change, the input goes through a 1×1 convolution first.
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

        return y.Plus(_shortcut is null ? x : _shortcut.Forward(x, training)).relu_();
    }
}
