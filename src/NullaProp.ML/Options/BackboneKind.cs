namespace NullaProp.ML;

/// <summary>The network that reads the image.</summary>
public enum BackboneKind
{
    /// <summary>
    /// The seed project's: two 3×3 convolutions of 32 and 64 channels, each with ReLU and max-pool, and a linear layer. Like <see cref="Mlp"/>, scores single images
    /// without libtorch.
    /// </summary>
    SmallConv,

    /// <summary>The paper's figure 6: three 3×3 convolutions of 32, 64 and 128 channels with dropout 0.2, and a layer with ReLU.</summary>
    PaperConv,

    /// <summary>ResNet-18 (He et al. 2016), 11 million weights. Images under 64 pixels get a 3×3 stem without max-pool. May start from <see cref="NoPropOptions.BackboneWeightsPath"/>.</summary>
    ResNet18,

    /// <summary>ResNet-50, 24 million weights; otherwise as <see cref="ResNet18"/>.</summary>
    ResNet50,

    /// <summary>ResNet-152, 58 million weights; otherwise as <see cref="ResNet18"/>.</summary>
    ResNet152,

    /// <summary>Two hidden layers with ReLU for tabular data: a flat vector of any number of values, each standardised by itself; needs no <see cref="NoPropOptions.ImageShape"/>.</summary>
    Mlp,

    /// <summary>A module of the user's own, known by <see cref="NoPropOptions.BackboneName"/>.</summary>
    Custom,
}
