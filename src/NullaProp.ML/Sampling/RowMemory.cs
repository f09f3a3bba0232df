namespace NullaProp.ML.Sampling;

/// <summary>The working memory of scoring one image, used again for the next.</summary>
/// <param name="lengths">The lengths that the image networks need.</param>
/// <param name="blocks">The number of blocks that the plan evaluates.</param>
/// <param name="hidden">H, padded to whole vectors.</param>
/// <param name="narrow">The width of the head's second layer, padded.</param>
/// <param name="classes">K, padded.</param>
internal sealed class RowMemory(RowMapLengths lengths, int blocks, int hidden, int narrow, int classes)
{
    /// <summary>Gets the normalised image with its border of zeros.</summary>
    public float[] Image { get; } = new float[lengths.Image];

    /// <summary>Gets the first layer's maps with their border of zeros.</summary>
    public float[] FirstMap { get; } = new float[lengths.FirstMap];

    /// <summary>Gets the second layer's maps.</summary>
    public float[] Map { get; } = new float[lengths.Map];

    /// <summary>Gets two rows of a convolution's results.</summary>
    public float[] RowPair { get; } = new float[lengths.RowPair];

    /// <summary>Gets the image's features.</summary>
    public float[] Features { get; } = new float[lengths.Features];

    /// <summary>Gets the image's share of the head's first layer, by block.</summary>
    public float[][] ImageShares { get; } = [.. Enumerable.Range(0, blocks).Select(_ => new float[hidden])];

    /// <summary>Gets which of them are computed for this image.</summary>
    public bool[] HasImageShare { get; } = new bool[blocks];

    /// <summary>Gets the label's hidden layer.</summary>
    public float[] Label { get; } = new float[hidden];

    /// <summary>Gets the head's first layer.</summary>
    public float[] Joined { get; } = new float[hidden];

    /// <summary>Gets the head's second layer.</summary>
    public float[] Narrow { get; } = new float[narrow];

    /// <summary>Gets what this evaluation predicts: class probabilities, or the velocity's logits.</summary>
    public float[] Prediction { get; set; } = new float[classes];

    /// <summary>Gets what the evaluation before predicted.</summary>
    public float[] Previous { get; set; } = new float[classes];

    /// <summary>Gets the score of one start alone.</summary>
    public float[] OwnScore { get; } = new float[classes];

    /// <summary>Gets q at the start of the step.</summary>
    public float[] State { get; } = new float[classes];

    /// <summary>Gets q at which the network is evaluated.</summary>
    public float[] Point { get; } = new float[classes];

    /// <summary>Gets q of flow matching's clean label.</summary>
    public float[] CleanLabel { get; } = new float[classes];

    /// <summary>Gets the class probabilities that a read-out gives.</summary>
    public float[] Readout { get; } = new float[classes];
}
