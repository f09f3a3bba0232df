using System.Globalization;
using System.Numerics.Tensors;

namespace NullaProp.ML.Reading;

/// <summary>
/// Finds images whose pixels were divided by 255, or shifted, where the network was trained on pixels of 0 to 255: to it they are all
/// black, or other pictures, and its scores would mean nothing.
/// </summary>
/// <param name="isOfBytes">Whether the network was trained on pixels of 0 to 255, and on no image that would be found.</param>
internal sealed class PixelRange(bool isOfBytes)
{
    private const float MostOfScaled = 1; // in magnitude, after a division by 255 or by 128 about the middle
    private const float Slack = 1; // beyond 0 and 255, of a photo that was resized with overshoot

    /// <summary>
    /// Gets a value indicating whether the network knows photos, whose pixels cannot lie beyond 0 to 255. Other images may be of any
    /// numbers, and those of training within them by chance.
    /// </summary>
    public bool IsOfPhotos { get; init; }

    /// <summary>Returns what is wrong with the pixels of an image.</summary>
    /// <param name="image">The image.</param>
    /// <returns>A sentence after the image's name; <see langword="null"/> where they are as they were in training.</returns>
    public string? Fault(ReadOnlySpan<float> image) => isOfBytes && (IsScaled(image) || (IsOfPhotos && IsBeyond(image)))
        ? $"has pixels from {Text(TensorPrimitives.Min(image))} to {Text(TensorPrimitives.Max(image))}, but the network was trained on "
            + "pixels of 0 to 255. Leave scaleImage and offsetImage of ExtractPixels out, or read the images with LoadImageFiles."
        : null;

    /// <summary>Returns whether an image looks as if its pixels had been divided. Whole numbers up to 1 are those of a black one.</summary>
    /// <param name="image">The image.</param>
    public static bool IsScaled(ReadOnlySpan<float> image)
    {
        if (!(MathF.Abs(TensorPrimitives.MaxMagnitude(image)) <= MostOfScaled))
        {
            return false;
        }

        foreach (var pixel in image)
        {
            if (pixel != MathF.Round(pixel))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsBeyond(ReadOnlySpan<float> image) =>
        TensorPrimitives.Min(image) < -Slack || TensorPrimitives.Max(image) > byte.MaxValue + Slack;

    private static string Text(float pixel) =>
        pixel.ToString(MathF.Abs(pixel) < 1e6f ? "0.###" : "G3", CultureInfo.InvariantCulture);
}
