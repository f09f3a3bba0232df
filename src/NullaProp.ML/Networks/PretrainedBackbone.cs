using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The residual network that <see cref="NoPropBackbone.PretrainedResNet18"/> names: its features, brought to mean 0 and deviation 1 over
/// the
/// training photos, and a linear layer. Its batch norms stay as they were trained, in training too.
/// </summary>
internal sealed class PretrainedBackbone : Backbone
{
    /// <summary>The number of features before the linear layer.</summary>
    public const int FeatureCount = 512;

    private const string FeaturesName = "features";

    private readonly ResNetBackbone _network;
    private readonly PixelNormalization _standardization;

    /// <summary>Creates the network.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="hidden">H, the number of outputs.</param>
    public PretrainedBackbone(WeightScope weights, long hidden)
    {
        _network = new ResNetBackbone(weights, ResNetDepth.OfPretrained, Shape, hidden);
        _standardization = Standardization(weights);
    }

    /// <summary>Gets the size of the images that the network was trained on.</summary>
    public static ImageShape Shape => BackboneTraits.PhotoShape;

    /// <summary>Gets the size of a row of features: a table.</summary>
    public static ImageShape FeatureShape { get; } = new(FeatureCount, Height: 1, Width: 1);

    /// <inheritdoc/>
    public override Linear? Output => _network.Output;

    /// <summary>Returns the scaling of the features.</summary>
    /// <param name="backbone">The scope of the whole network, or of its head, which has the scaling for its own input.</param>
    public static PixelNormalization Standardization(WeightScope backbone) => new(backbone.Under(FeaturesName), FeatureShape);

    /// <summary>Returns the scaling of pixels as the network was trained: less the mean of each place of each channel.</summary>
    /// <param name="model">The scope of the model.</param>
    public static PixelNormalization PixelScale(WeightScope model) =>
        new(model.Under(PixelNormalization.Name), Shape, isByPlace: true);

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training) =>
        _standardization.Apply(Features(_network, images).view(-1, FeatureCount, 1, 1)).flatten(1); // (B, 512)

    /// <inheritdoc/>
    /// <remarks>The scaling of the features becomes part of the last layer: A·((x − m)·s) + b = (A·s)·x + (b − (A·s)·m).</remarks>
    public override IReadOnlyList<BackboneLayer> Layers()
    {
        var (mean, scale) = (_standardization.Mean.Host().Values, _standardization.Scale.Host().Values);
        var last = Output!.Host();
        var matrix = new HostTensor(last.Weight.Shape, [.. last.Weight.Values.Select((value, i) => value * scale[i % FeatureCount])]);
        var shift = matrix.Times(Array.ConvertAll(mean, value => (double)value)); // (H)
        var bias = new HostTensor(last.Bias.Shape, [.. last.Bias.Values.Zip(shift, (value, share) => (float)(value - share))]);
        return [.. _network.Layers().SkipLast(1), new BackboneLayer.Dense(new HostLinear(matrix, bias))];
    }

    /// <summary>Returns what a network of this kind sees in images.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Scaled images, (B, 3, 224, 224).</param>
    /// <returns>(B, 512).</returns>
    public static Tensor Features(ResNetBackbone network, Tensor images) => network.Maps(images, training: null);

    /// <inheritdoc/>
    protected override ScalarType Precision(TrainingContext? training) => ScalarType.Float32;
}

/// <summary>What is left of a <see cref="PretrainedBackbone"/> where its features are given: its linear layer.</summary>
/// <param name="weights">The network's scope.</param>
/// <param name="hidden">H, the number of outputs.</param>
internal sealed class PretrainedHead(WeightScope weights, long hidden) : Backbone
{
    /// <inheritdoc/>
    public override Linear Output { get; } = new(weights.Under("output"), PretrainedBackbone.FeatureCount, hidden);

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training) => images.flatten(1); // (B, 512)
}
