using Microsoft.ML;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Samples.Images;

/// <summary>How image files become the numbers that a network sees.</summary>
internal sealed record ImagePixels
{
    /// <summary>Gets the images that <see cref="NoPropBackbone.PretrainedResNet18"/> reads.</summary>
    public static ImagePixels ForPhotos { get; } = new() { Side = 224, Colors = PixelColors.Rgb, KeepsAspect = true };

    /// <summary>Gets the height and width that every image is resized to, in pixels.</summary>
    public required int Side { get; init; }

    /// <summary>Gets what is made of the colours.</summary>
    public required PixelColors Colors { get; init; }

    /// <summary>Gets a value indicating whether shapes stay as they are and what sticks out of the square is cut off, the same on both
    /// sides; else images are stretched.</summary>
    public bool KeepsAspect { get; init; }

    /// <summary>Returns the steps from the column ImagePath to the column Features, C×H×W values of 0 to 255.</summary>
    public IEstimator<ITransformer> CreatePipeline(MLContext mlContext)
    {
        var transforms = mlContext.Transforms;

        // No image folder: the model then takes any path, relative to wherever it is used.
        // Fill: nothing of the image is cut off and no border is added; shapes are stretched alike in training and use.
        var resizing = KeepsAspect ? ImageResizingEstimator.ResizingKind.IsoCrop : ImageResizingEstimator.ResizingKind.Fill;
        var image = transforms.LoadImages("Image", imageFolder: null, inputColumnName: nameof(ImageRow.ImagePath))
            .Append(transforms.ResizeImages("Image", Side, Side, resizing: resizing));

        return Colors switch
        {
            // ML.NET decodes a grey file to red, green and blue that are all the same: one of them says it all, at a third of the size.
            PixelColors.AlreadyGrey => image.Append(ExtractRed(transforms)),
            PixelColors.MadeGrey => image.Append(transforms.ConvertToGrayscale("Image")).Append(ExtractRed(transforms)),
            _ => image.Append(transforms.ExtractPixels("Features", "Image")),
        };
    }

    private static ImagePixelExtractingEstimator ExtractRed(TransformsCatalog transforms) =>
        transforms.ExtractPixels("Features", "Image", ImagePixelExtractingEstimator.ColorBits.Red);
}
