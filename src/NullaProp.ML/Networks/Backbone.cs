using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>Turns images into features. It sees neither the noisy label nor the time, so that scoring calls it once an image.</summary>
internal abstract class Backbone
{
    /// <summary>Gets the last layer where the network ends in a linear one.</summary>
    public abstract Linear? Output { get; }

    /// <summary>Returns what <see cref="Output"/> reads, or the features themselves where there is none.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    public abstract Tensor Maps(Tensor images, TrainingContext? training); // (B, F)

    /// <summary>
    /// Returns the layers by which the network scores, its last one included, in managed memory; <see langword="null"/> where only
    /// libtorch can compute it.
    /// </summary>
    public virtual IReadOnlyList<BackboneLayer>? Layers() => null;

    /// <summary>Returns the features of images.</summary>
    /// <param name="images">Normalised images, (B, C, H, W).</param>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    /// <returns>(B, H), of single precision.</returns>
    public Tensor Features(Tensor images, TrainingContext? training = null)
    {
        var maps = Maps(images.to(Precision(training)), training); // (B, F)
        return (Output is { } output ? output.Forward(maps) : maps).to(ScalarType.Float32); // (B, H)
    }

    /// <summary>Returns the numbers in which this network computes.</summary>
    /// <param name="training">The place in a training; <see langword="null"/> when scoring.</param>
    protected virtual ScalarType Precision(TrainingContext? training) => training?.Precision ?? ScalarType.Float32;
}

/// <summary>
/// A layer of an image network as it scores. By a list of them a network says what it computes, so that a backend can compute it without
/// libtorch.
/// </summary>
internal abstract record BackboneLayer
{
    private BackboneLayer()
    {
    }

    /// <summary>A 3×3 convolution with padding 1, the largest of each square of its results, and ReLU.</summary>
    /// <param name="Weight">The kernels, (outputs, inputs, 3, 3); the outputs are a multiple of 16.</param>
    /// <param name="Bias">The biases, (outputs).</param>
    /// <param name="Pool">The side of the squares: 1, or 2, where pixels that fill none are left out.</param>
    internal sealed record Convolution(HostTensor Weight, HostTensor Bias, int Pool) : BackboneLayer;

    /// <summary>A convolution that strides or has kernels of another size, with the batch normalisation behind it.</summary>
    /// <param name="Layer">Both; it is asked for their numbers by who computes them.</param>
    internal sealed record Normed(NormedConvolution Layer) : BackboneLayer;

    /// <summary>The largest of each square of pixels.</summary>
    /// <param name="Side">The squares' side.</param>
    /// <param name="Stride">Every how many pixels there is one.</param>
    /// <param name="Padding">How many pixels the edge lies beyond the image.</param>
    internal sealed record MaxPool(int Side, int Stride, int Padding) : BackboneLayer;

    /// <summary>The sum of what two lists of layers make of the same.</summary>
    /// <param name="Path">One list.</param>
    /// <param name="Shortcut">The other, which may be empty.</param>
    internal sealed record Residual(IReadOnlyList<BackboneLayer> Path, IReadOnlyList<BackboneLayer> Shortcut) : BackboneLayer;

    /// <summary>The mean of each channel's pixels.</summary>
    internal sealed record ChannelMean : BackboneLayer;

    /// <summary>A linear layer on all values of the layer before, channel by channel.</summary>
    /// <param name="Layer">The layer.</param>
    internal sealed record Dense(HostLinear Layer) : BackboneLayer;

    /// <summary>max(x, 0).</summary>
    internal sealed record Relu : BackboneLayer;
}

/// <summary>Weights that a backbone starts from, named as below its scope, and what did not fit when a model asked for them.</summary>
/// <param name="tensors">The weights.</param>
internal sealed class BackboneStart(IReadOnlyDictionary<string, HostTensor> tensors)
{
    private const string Scope = "backbone.";
    private const string Stem = "conv1.weight";

    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _faults = new(StringComparer.Ordinal);

    /// <summary>Gets a sentence about the first convolution, where it could not be used for these images.</summary>
    public string? Warning { get; private set; }

    /// <summary>Returns what does not fit: weights that the backbone needs and that are missing or of another shape, and weights that it
    /// does not know.</summary>
    public IReadOnlyList<string> Faults() => [.. _faults, .. tensors.Keys.Except(_used).Select(name => $"'{name}' is unknown")];

    /// <summary>Returns the first value of a weight of a model, or nothing where it is to be drawn.</summary>
    /// <param name="name">The weight's full name.</param>
    /// <param name="shape">The shape that it must have.</param>
    public HostTensor? Find(string name, long[] shape)
    {
        var at = name.IndexOf(Scope, StringComparison.Ordinal);
        if (at != 0 && (at < 0 || name[at - 1] != '.'))
        {
            return null;
        }

        var own = name[(at + Scope.Length)..];
        _used.Add(own);
        if (!tensors.TryGetValue(own, out var value))
        {
            if (!own.StartsWith("output.", StringComparison.Ordinal)) // ours, not torchvision's
            {
                _faults.Add($"'{own}' is missing");
            }

            return null;
        }

        if (value.Shape.SequenceEqual(shape))
        {
            return value;
        }

        var difference = $"'{own}' is of shape ({string.Join(", ", value.Shape)}) in place of ({string.Join(", ", shape)})";
        if (own == Stem && value.Shape.Length == shape.Length && value.Shape[0] == shape[0])
        {
            Warning = $"{difference}: this first convolution is trained from scratch.";
        }
        else
        {
            _faults.Add(difference);
        }

        return null;
    }
}

/// <summary>Makes the image network that the options name.</summary>
internal static class BackboneFactory
{
    /// <summary>Creates the network.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="options">The kind of network and the number of features, H.</param>
    /// <param name="shape">The size of the images.</param>
    public static Backbone Create(WeightScope weights, NoPropOptions options, ImageShape shape) => options.Backbone switch
    {
        NoPropBackbone.SmallConv => new ConvBackbone(weights, shape, options.HiddenSize),
        NoPropBackbone.PaperConv => new PaperBackbone(weights, shape, options.HiddenSize, options.Variant.PaperEnding),
        NoPropBackbone.ResNet18 => new ResNetBackbone(weights, ResNetDepth.Of18, shape, options.HiddenSize),
        NoPropBackbone.ResNet50 => new ResNetBackbone(weights, ResNetDepth.Of50, shape, options.HiddenSize),
        NoPropBackbone.ResNet152 => new ResNetBackbone(weights, ResNetDepth.Of152, shape, options.HiddenSize),
        NoPropBackbone.PretrainedResNet18 => PretrainedBackbone.From(weights, options.HiddenSize, shape),
        NoPropBackbone.Mlp => new MlpBackbone(weights, shape, options.HiddenSize),
        NoPropBackbone.Custom => CustomBackbone.Create(weights, options.BackboneName!, shape, options.HiddenSize),
        _ => throw new ArgumentOutOfRangeException(nameof(options), options.Backbone, "No such backbone."),
    };

    /// <summary>Creates the scaling of what the network reads.</summary>
    /// <param name="model">The model's scope.</param>
    /// <param name="options">The kind of network.</param>
    /// <param name="shape">The size of the images, or of what a pretrained network's upper part reads.</param>
    public static PixelNormalization Scaling(WeightScope model, NoPropOptions options, ImageShape shape) =>
        options.Backbone.IsPretrained()
            ? PretrainedBackbone.Scaling(model, shape)
            : new PixelNormalization(model.Under(PixelNormalization.Name), shape);
}
