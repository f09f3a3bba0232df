using Microsoft.ML;
using NullaProp.ML.Tests.Support;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Chains that make the paths of the images, too.</summary>
public sealed partial class SaveNoPropAsOnnxTests
{
    // What the path of an image is made of is no step of the image.
    [TestMethod]
    public void SaveNoPropAsOnnx_PathsMadeByAnotherStep_AreNotFollowed()
    {
        var images = Context.Transforms.LoadImages("Image", Folder.Path, "File")
            .Append(Context.Transforms.ResizeImages("Image", TinyImages.Side, TinyImages.Side))
            .Append(Context.Transforms.ExtractPixels(
                "Features", "Image", orderOfExtraction: ColorsOrder.ABGR, offsetImage: 117, scaleImage: 1f / 64));
        using var copied = Fit(Context.Transforms.CopyColumns("File", "ImagePath").Append(images));
        using var made = Fit(Context.Transforms.Expression("File", "path => path", "ImagePath").Append(images));

        AssertScores(copied, Pictures.Pixels, "RGB");
        AssertScores(made, Pictures.Pixels, "RGB");
    }
}
