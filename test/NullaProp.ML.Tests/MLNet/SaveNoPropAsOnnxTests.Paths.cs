using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Onnx;
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

    // A column that is made over one of the same name moves those behind it.
    [TestMethod]
    public void SaveNoPropAsOnnx_AnotherColumnMadeOverItself_IsNoStepOfTheImage()
    {
        var again = Context.Transforms.CopyColumns("ImagePath", "ImagePath");
        var side = TinyImages.Side;
        using var behind = Fit(Context.Transforms.ExtractPixels("Features", "Image", scaleImage: 3).Append(again));
        using var unextracted = Fit(Context.Transforms.CopyColumns("Features", "Image").Append(again));

        AssertScores(behind, Pictures.Pixels, "RGB");
        AssertScores(unextracted, Pictures.Pixels, "RGB");
        Assert.AreEqual("Pad", FitOf(
            Context.Transforms.LoadImageFiles("Features", side, side, fit: ImageFit.Pad)
                .Append(Context.Transforms.Conversion.MapValueToKey("Other", "ImagePath"))
                .Append(again)));
    }

    private static string? FitOf(IEstimator<ITransformer> steps)
    {
        var rows = Context.Data.LoadFromEnumerable(
            _files.GetColumn<string>("ImagePath").Zip(_files.GetColumn<string>("Label"))
                .Select(file => new ImageRow { ImagePath = Folder.File(file.First), Label = file.Second }));
        using var chain = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(steps).Append(TinyImages.Trainer(Context)).Fit(rows);
        using var stream = new MemoryStream();
        Context.Model.SaveNoPropAsOnnx(chain, rows.Schema, stream, new OnnxExport());
        using var run = new OnnxRun(stream.ToArray());
        return run.Session.ModelMetadata.CustomMetadataMap.GetValueOrDefault("image_fit");
    }
}
