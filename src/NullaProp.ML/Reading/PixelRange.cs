using System.Globalization;
using System.Numerics.Tensors;

namespace NullaProp.ML.Reading;

/// <summary>
/// Finds images whose pixels were divided by 255 where the network was trained on pixels of 0 to 255: to it they are all black, and it
/// would give all of them nearly the same scores.
/// </summary>
/// <param name="shape">The size of the images.</param>
/// <param name="mean">Returns the mean of each channel of the training images, or of each place of each.</param>
internal sealed class PixelRange(ImageShape shape, Func<IReadOnlyList<double>> mean)
{
    private const float MostOfScaled = 1; // in magnitude, after a division by 255 or by 128 about the middle
    private const float LeastMean = 20; // of pixels of 0 to 255, unless the photos were taken at night

    private readonly Lazy<bool> _isOfBytes = new(() => !shape.IsTable && AreOfBytes(mean(), shape.Channels));

    /// <summary>Takes the means of a network.</summary>
    /// <param name="shape">The size of the images.</param>
    /// <param name="mean">Returns them.</param>
    public static PixelRange Of(ImageShape shape, Func<float[]> mean) => new(shape, () => Array.ConvertAll(mean(), one => (double)one));

    /// <summary>Returns what is wrong with the pixels of an image.</summary>
    /// <param name="image">The image.</param>
    /// <returns>A sentence after the image's name; <see langword="null"/> where they are as they were in training.</returns>
    public string? Fault(ReadOnlySpan<float> image) => !_isOfBytes.Value || !IsScaled(image)
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"has pixels from {TensorPrimitives.Min(image):0.###} to {TensorPrimitives.Max(image):0.###}, but the network was trained on ")
            + "pixels of 0 to 255. Leave scaleImage and offsetImage of ExtractPixels out, or read the images with LoadImageFiles.";

    private static bool AreOfBytes(IReadOnlyList<double> mean, int channels) =>
        mean.Chunk(mean.Count / channels).All(one => one.Average() > LeastMean);

    // Whole numbers up to 1 are those of a black image.
    private static bool IsScaled(ReadOnlySpan<float> image)
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
}
