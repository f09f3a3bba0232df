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
    /// Gets changes that leave most photos what they are: cut to half the area at least and enlarged, mirrored, a little brighter or
    /// darker. They need red, green and blue, and sides that do not matter. They are usual, not measured: compare on validation data.
    /// </summary>
    public static Augmentation Photos { get; } = new()
    {
        RandomResizedCrop = 0.5,
        HorizontalFlipProbability = 0.5,
        BrightnessJitter = 0.2,
        ContrastJitter = 0.2,
        SaturationJitter = 0.2,
    };

    /// <summary>
    /// Gets changes that leave written digits and letters what they are: shifted by two pixels, turned by ten degrees, never mirrored.
    /// They are usual for 28×28 pixels, not measured.
    /// </summary>
    public static Augmentation Digits { get; } = new() { RandomCropPadding = 2, RotationDegrees = 10 };

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

    /// <summary>
    /// Gets how much of an image's area is cut away at most, before what is left is enlarged to the whole image; its place is random, and
    /// so is its shape: sides may change by 3 to 4 or 4 to 3 against each other, or as far as the area allows.
    /// </summary>
    /// <value>
    /// Default 0: off; 0 to 0.95. 0.92 is usual for a million photos (Szegedy et al. 2015, arXiv 1409.4842, section 6), less for few.
    /// </value>
    [Range(0.0, 0.95)]
    public double RandomResizedCrop { get; init; }

    /// <summary>
    /// Gets by what share an image becomes brighter or darker at most: its values are multiplied by 1 − this to 1 + this. They are not
    /// clipped, here and in the other jitters.
    /// </summary>
    /// <value>Default 0: off; 0 to 1. 0.4 is usual for a million photos, less for few.</value>
    [Range(0.0, 1.0)]
    public double BrightnessJitter { get; init; }

    /// <summary>
    /// Gets by what share the differences of an image from its mean grow or shrink at most: they are multiplied by 1 − this to 1 + this.
    /// </summary>
    /// <value>Default 0: off; 0 to 1. 0.4 is usual for a million photos, less for few.</value>
    [Range(0.0, 1.0)]
    public double ContrastJitter { get; init; }

    /// <summary>
    /// Gets by what share the differences of a pixel's colours from its grey value grow or shrink at most: they are multiplied by 1 − this
    /// to 1 + this. Only for images of red, green and blue.
    /// </summary>
    /// <value>Default 0: off; 0 to 1. 0.4 is usual for a million photos, less for few.</value>
    [Range(0.0, 1.0)]
    public double SaturationJitter { get; init; }

    /// <summary>
    /// Gets the side of a square that is blanked with 0, as a share of the image's shorter side. Its centre is anywhere in the image, so
    /// that a part of it may lie outside.
    /// </summary>
    /// <value>Default 0: off; 0 to 1. 0.5 is usual for 32×32 (DeVries and Taylor 2017, arXiv 1708.04552, section 4.2).</value>
    [Range(0.0, 1.0)]
    public double Cutout { get; init; }
}
