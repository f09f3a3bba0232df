using System.ComponentModel.DataAnnotations;

namespace NullaProp.ML;

/// <summary>
/// Random changes of training images that leave their class as it is, drawn for each image each time it is seen. All are off by default.
/// </summary>
public sealed record Augmentation
{
    /// <summary>Gets no changes at all.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>
    /// Gets by how many pixels an image is shifted at most, up or down and left or right: a random crop of the image with so wide a border
    /// of zeros.
    /// </summary>
    /// <value>
    /// Default 0: off; 0 to 64, below the shorter side of the images. 4 is usual for 32×32 (He et al. 2016, arXiv 1512.03385, section 4.2).
    /// </value>
    [Range(0, 64)]
    public int RandomCropPadding { get; init; }

    /// <summary>
    /// Gets the probability that an image is mirrored left to right. Leave it off where sides matter, as for digits or letters.
    /// </summary>
    /// <value>Default 0: off; 0 to 1. 0.5 is usual for photos (He et al. 2016, arXiv 1512.03385, section 4.2).</value>
    [Range(0.0, 1.0)]
    public double HorizontalFlipProbability { get; init; }

    /// <summary>
    /// Gets by how many degrees an image is rotated at most, either way, about its centre; pixels are interpolated, corners filled with 0.
    /// </summary>
    /// <value>Default 0: off; 0 to 180.</value>
    [Range(0.0, 180.0)]
    public double RotationDegrees { get; init; }
}
