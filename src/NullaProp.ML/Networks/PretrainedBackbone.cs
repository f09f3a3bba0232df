using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Networks;

/// <summary>
/// The residual network that <see cref="NoPropBackbone.PretrainedResNet18"/> names: its features, brought to mean 0 and deviation 1 over
/// the training photos, and a linear layer. Its batch norms stay as they were trained, in training too.
/// </summary>
internal sealed class PretrainedBackbone : Backbone
{
    /// <summary>The number of features before the linear layer.</summary>
    public const int FeatureCount = 512;

    /// <summary>
    /// What the names of the weights start with that leave what the last stage reads as it is; no model of photos has them.
    /// </summary>
    public const string StageScaling = "stage";

    private const string FeaturesName = "features";

    private readonly ResNetBackbone _network;
    private readonly PixelNormalization _standardization;

    /// <summary>Creates the network.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="hidden">H, the number of outputs.</param>
    public PretrainedBackbone(WeightScope weights, long hidden)
    {
        _network = new ResNetBackbone(weights.WithFixedNorms(), ResNetDepth.OfPretrained, Shape, hidden);
        _standardization = Standardization(weights);
    }

    /// <summary>Gets the size of the images that the network was trained on.</summary>
    public static ImageShape Shape => BackboneTraits.PhotoShape;

    /// <summary>Gets the size of a row of features: a table.</summary>
    public static ImageShape FeatureShape { get; } = new(FeatureCount, Height: 1, Width: 1);

    /// <summary>Gets the size of what the last stage reads.</summary>
    public static ImageShape StageShape { get; } = new(Channels: 256, Height: 14, Width: 14);

    /// <inheritdoc/>
    public override Linear? Output => _network.Output;

    /// <summary>Returns the network, or what is left of it where the results of its lower part are given.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="hidden">H, the number of outputs.</param>
    /// <param name="shape">The size of what is given: photos, <see cref="StageShape"/> or <see cref="FeatureShape"/>.</param>
    public static Backbone From(WeightScope weights, long hidden, ImageShape shape) =>
        shape == FeatureShape ? new PretrainedHead(weights, hidden)
        : shape == StageShape ? new PretrainedStage(weights, hidden)
        : new PretrainedBackbone(weights, hidden);

    /// <summary>Returns the scaling of what is given.</summary>
    /// <param name="model">The scope of the model.</param>
    /// <param name="shape">Its size.</param>
    public static PixelNormalization Scaling(WeightScope model, ImageShape shape) =>
        shape == FeatureShape ? Standardization(model.Under("backbone"))
        : shape == StageShape ? new PixelNormalization(model.Under(StageScaling), StageShape)
        : PixelScale(model);

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
        return [.. _network.LayersToFeatures(), new BackboneLayer.Dense(new HostLinear(matrix, bias))];
    }

    /// <summary>Returns what a network of this kind sees in images.</summary>
    /// <param name="network">The network.</param>
    /// <param name="images">Scaled images, (B, 3, 224, 224).</param>
    /// <returns>(B, 512).</returns>
    public static Tensor Features(ResNetBackbone network, Tensor images) => network.Maps(images, training: null);

    /// <inheritdoc/>
    protected override ScalarType Precision(TrainingContext? training) => ScalarType.Float32;
}

/// <summary>What is left of a <see cref="PretrainedBackbone"/> where the results of all below its last stage are given.</summary>
internal sealed class PretrainedStage : Backbone
{
    private readonly IReadOnlyList<ResidualBlock> _stage;
    private readonly PixelNormalization _standardization;

    /// <summary>Creates the stage.</summary>
    /// <param name="weights">The network's scope.</param>
    /// <param name="hidden">H, the number of outputs.</param>
    public PretrainedStage(WeightScope weights, long hidden)
    {
        var depth = ResNetDepth.OfPretrained;
        _stage = ResNetBackbone.Stage(
            weights.WithFixedNorms(), depth, depth.Groups.Count - 1, inputs: PretrainedBackbone.StageShape.Channels);
        _standardization = PretrainedBackbone.Standardization(weights);
        Output = new Linear(weights.Under("output"), PretrainedBackbone.FeatureCount, hidden);
    }

    /// <inheritdoc/>
    public override Linear Output { get; }

    /// <inheritdoc/>
    public override Tensor Maps(Tensor images, TrainingContext? training) => _standardization
        .Apply(ResNetBackbone.Features(_stage, images, training: null).view(-1, PretrainedBackbone.FeatureCount, 1, 1))
        .flatten(1); // (B, 512)

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
