namespace NullaProp.ML.Sampling;

/// <summary>The working memory of scoring one image, used again for the next.</summary>
/// <param name="backbone">The image network.</param>
/// <param name="hidden">H, padded to whole vectors.</param>
/// <param name="narrow">The width of the head's second layer, padded.</param>
/// <param name="classes">K, padded.</param>
internal sealed class RowMemory(RowBackbone backbone, int hidden, int narrow, int classes)
{
    /// <summary>Gets the normalised image with its border of zeros.</summary>
    public float[] Image { get; } = new float[backbone.PixelCount];

    /// <summary>Gets the first layer's maps with their border of zeros.</summary>
    public float[] FirstMap { get; } = new float[backbone.FirstMapLength];

    /// <summary>Gets the second layer's maps.</summary>
    public float[] Map { get; } = new float[backbone.MapLength];

    /// <summary>Gets two rows of a convolution's results.</summary>
    public float[] RowPair { get; } = new float[backbone.RowPairLength];

    /// <summary>Gets the image's share of the head's first layer.</summary>
    public float[] ImageShare { get; } = new float[hidden];

    /// <summary>Gets the label's hidden layer.</summary>
    public float[] Label { get; } = new float[hidden];

    /// <summary>Gets the head's first layer.</summary>
    public float[] Joined { get; } = new float[hidden];

    /// <summary>Gets the head's second layer.</summary>
    public float[] Narrow { get; } = new float[narrow];

    /// <summary>Gets the class probabilities of this evaluation.</summary>
    public float[] Probabilities { get; set; } = new float[classes];

    /// <summary>Gets the class probabilities of the evaluation before.</summary>
    public float[] Previous { get; set; } = new float[classes];

    /// <summary>Gets q at the start of the step.</summary>
    public float[] State { get; } = new float[classes];

    /// <summary>Gets q at which the network is evaluated.</summary>
    public float[] Point { get; } = new float[classes];
}
