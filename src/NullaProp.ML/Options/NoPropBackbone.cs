namespace NullaProp.ML;

/// <summary>The network that reads the image.</summary>
public enum NoPropBackbone
{
    /// <summary>
    /// The JAX reference's: two 3×3 convolutions of 32 and 64 channels, each with ReLU and max-pool, and a linear layer. Like
    /// all but <see cref="Custom"/> it scores without libtorch, too.
    /// </summary>
    SmallConv,

    /// <summary>The paper's figure 6: three 3×3 convolutions of 32, 64 and 128 channels with dropout 0.2, and a layer with ReLU.</summary>
    PaperConv,

    /// <summary>
    /// ResNet-18 (He et al. 2016), 11 million weights. Images under 64 pixels get a 3×3 stem without max-pool. May start from
    /// <see cref="NoPropOptions.BackboneWeightsPath"/>.
    /// </summary>
    ResNet18,

    /// <summary>ResNet-50, 24 million weights; otherwise as <see cref="ResNet18"/>.</summary>
    ResNet50,

    /// <summary>ResNet-152, 58 million weights; otherwise as <see cref="ResNet18"/>.</summary>
    ResNet152,

    /// <summary>
    /// A residual network of 15.9 million weights trained on the 1.3 million photos of ImageNet: for photos, of which some dozens a class
    /// will do. Images must be 3×224×224, red, green and blue of 0 to 255. Its weights come with the package
    /// Microsoft.ML.DnnImageFeaturizer.ResNet18, which the application references; a trained model holds them. What it sees in a photo is
    /// computed once, and what follows is trained on that; <see cref="NoPropOptions.FineTuning"/> says how much of it is trained further.
    /// </summary>
    PretrainedResNet18,

    /// <summary>
    /// Two hidden layers with ReLU for tabular data: a flat vector of any number of values, each standardised by itself; needs no
    /// <see cref="NoPropOptions.ImageShape"/>.
    /// </summary>
    Mlp,

    /// <summary>A module of the user's own, known by <see cref="NoPropOptions.BackboneName"/>.</summary>
    Custom,
}

/// <summary>
/// In which numbers the image network computes while it is trained, and the first layer of one-hot labels longer than
/// <see cref="NoPropOptions.HiddenSize"/>. Weights, everything else, and scoring are always of single precision.
/// </summary>
public enum BackbonePrecision
{
    /// <summary>
    /// <see cref="BFloat16"/> for networks with convolutions where the hardware multiplies it faster (CPUs with AMX, AMD's with
    /// AVX512_BF16, NVIDIA GPUs from Ampere on), else <see cref="Full"/>. Name one of them to train the same model on other hardware.
    /// </summary>
    Automatic,

    /// <summary>Single precision, float32.</summary>
    Full,

    /// <summary>
    /// bfloat16: the range of single precision with 8 bits of accuracy, faster and in half the memory. The weights stay in single precision
    /// and are rounded for each step (Micikevicius et al. 2018, arXiv 1710.03740, section 3.1). Neither for
    /// <see cref="NoPropBackbone.Custom"/> nor for <see cref="NoPropBackbone.PretrainedResNet18"/>.
    /// </summary>
    BFloat16,
}

/// <summary>What the kinds of backbone can read and compute.</summary>
internal static class BackboneTraits
{
    /// <summary>Returns the smallest height and width that a backbone can read: 1 where it sees no image but a vector, or may.</summary>
    /// <param name="kind">The backbone.</param>
    public static int SmallestSide(this NoPropBackbone kind) =>
        kind is NoPropBackbone.Mlp or NoPropBackbone.Custom ? 1 : ImageShape.SmallestSide;

    /// <summary>
    /// Returns whether a backbone is worth training in bfloat16: where convolutions take the time, and their parameters are the library's.
    /// </summary>
    /// <param name="kind">The backbone.</param>
    public static bool SuitsBFloat16(this NoPropBackbone kind) =>
        kind is not (NoPropBackbone.Mlp or NoPropBackbone.Custom) && !kind.IsPretrained();

    /// <summary>Gets the size of the images that the pretrained network was trained on.</summary>
    public static ImageShape PhotoShape { get; } = new(Channels: 3, Height: 224, Width: 224);

    /// <summary>Returns whether a backbone starts from weights trained on photos.</summary>
    /// <param name="kind">The backbone.</param>
    public static bool IsPretrained(this NoPropBackbone kind) => kind == NoPropBackbone.PretrainedResNet18;
}
