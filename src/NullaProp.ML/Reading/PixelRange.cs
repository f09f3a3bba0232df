using System.Globalization;
using System.Numerics.Tensors;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Reading;

/// <summary>
/// Refuses images whose pixels were divided by 255 where the network was trained on pixels of 0 to 255: to it they are all black, and it
/// would give all of them nearly the same scores.
/// </summary>
/// <param name="shape">The size of the images.</param>
/// <param name="mean">The mean of each channel of the training images, or of each place of each.</param>
internal sealed class PixelRange(ImageShape shape, double[] mean)
{
    private const float MostOfScaled = 1; // in magnitude, after a division by 255 or by 128 about the middle
    private const float LeastMean = 20; // of pixels of 0 to 255, unless the photos were taken at night

    private readonly bool _isOfBytes = !shape.IsTable && mean.Chunk(mean.Length / shape.Channels).All(one => one.Average() > LeastMean);

    /// <summary>Takes the means of a network.</summary>
    /// <param name="shape">The size of the images.</param>
    /// <param name="mean">The means.</param>
    public static PixelRange Of(ImageShape shape, float[] mean) => new(shape, Array.ConvertAll(mean, value => (double)value));

    /// <summary>Checks images.</summary>
    /// <param name="pixels">The images one after the other.</param>
    /// <exception cref="InvalidOperationException">The pixels of one are not as they were in training.</exception>
    public void Check(ReadOnlySpan<float> pixels)
    {
        for (; _isOfBytes && !pixels.IsEmpty; pixels = pixels[shape.Size..])
        {
            if (IsScaled(pixels[..shape.Size]))
            {
                var (lowest, highest) = (TensorPrimitives.Min(pixels[..shape.Size]), TensorPrimitives.Max(pixels[..shape.Size]));
                throw Marked.Exception(new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"The pixels of an image are from {lowest:0.###} to {highest:0.###}, but the network was trained on pixels of 0 to ")
                    + "255. Leave scaleImage and offsetImage of ExtractPixels out, or read the images with LoadImageFiles."));
            }
        }
    }

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
