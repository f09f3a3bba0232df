using Microsoft.ML;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Samples.Images;

/// <summary>How image files become the numbers that a network sees.</summary>
internal sealed record ImagePixels
{
    /// <summary>The most pixels of a side, as LoadImageFiles has it.</summary>
    public const int LargestSide = 16_384;

    /// <summary>Gets the images that <see cref="NoPropBackbone.PretrainedResNet18"/> reads.</summary>
    public static ImagePixels ForPhotos { get; } = new() { Side = 224, Colors = PixelColors.Rgb };

    /// <summary>Gets the height and width that every image is resized to, in pixels.</summary>
    public required int Side { get; init; }

    /// <summary>Gets what is made of the colours.</summary>
    public required PixelColors Colors { get; init; }

    /// <summary>Gets what happens to images that are no squares.</summary>
    public ImageFit Fit { get; init; } = ImageFit.Crop;

    /// <summary>Returns what the option <c>--size</c> says.</summary>
    /// <exception cref="UserMistakeException">It is out of range.</exception>
    public static int CheckedSide(int side) => side is >= ImageShape.SmallestSide and <= LargestSide
        ? side
        : throw new UserMistakeException($"--size is {side}, but must be from {ImageShape.SmallestSide} to {LargestSide}.");

    /// <summary>Returns the steps from the column ImagePath to the column Features, C×H×W values of 0 to 255.</summary>
    public IEstimator<ITransformer> CreatePipeline(MLContext mlContext)
    {
        var transforms = mlContext.Transforms;

        var image = transforms.LoadImageFiles("Image", Side, Side, fit: Fit);

        return Colors switch
        {
            // A grey file is decoded to red, green and blue that are all the same: one of them says it all, at a third of the size.
            PixelColors.AlreadyGrey => image.Append(ExtractRed(transforms)),
            PixelColors.MadeGrey => image.Append(transforms.ConvertToGrayscale("Image")).Append(ExtractRed(transforms)),
            _ => image.Append(transforms.ExtractPixels("Features", "Image")),
        };
    }

    private static ImagePixelExtractingEstimator ExtractRed(TransformsCatalog transforms) =>
        transforms.ExtractPixels("Features", "Image", ImagePixelExtractingEstimator.ColorBits.Red);
}

/// <summary>What is made of an image's colours.</summary>
internal enum PixelColors
{
    /// <summary>The files are grey already: one value a pixel.</summary>
    AlreadyGrey,

    /// <summary>Colours are turned into grey: one value a pixel.</summary>
    MadeGrey,

    /// <summary>Red, green and blue: three values a pixel.</summary>
    Rgb,
}
