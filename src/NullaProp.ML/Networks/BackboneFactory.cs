namespace NullaProp.ML.Networks;

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
