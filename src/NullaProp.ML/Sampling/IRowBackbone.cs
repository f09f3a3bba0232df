namespace NullaProp.ML.Sampling;

/// <summary>The image network of a block for one image, with its share of the head's first layer.</summary>
internal interface IRowBackbone
{
    /// <summary>Gets the lengths of the working memory it needs.</summary>
    RowMapLengths Lengths { get; }

    /// <summary>Writes the image's share of the head's first layer.</summary>
    /// <param name="pixels">Raw pixels, C·H·W, channel by channel.</param>
    /// <param name="memory">Working memory.</param>
    /// <param name="share">Where to write, H padded to whole vectors.</param>
    void ImageShare(ReadOnlySpan<float> pixels, RowMemory memory, Span<float> share);
}

/// <summary>The lengths of an image network's working memory.</summary>
/// <param name="Image">The bordered image.</param>
/// <param name="FirstMap">The first layer's bordered maps.</param>
/// <param name="Map">The last maps.</param>
/// <param name="RowPair">Two rows of a convolution's results.</param>
/// <param name="Features">The image's features, padded to whole vectors.</param>
internal readonly record struct RowMapLengths(int Image, int FirstMap, int Map, int RowPair, int Features);
