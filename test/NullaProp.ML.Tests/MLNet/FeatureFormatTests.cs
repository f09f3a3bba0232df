using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>The same pictures train the same model and score the same, in whatever form they come.</summary>
[TestClass]
public sealed class FeatureFormatTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static NoPropTransformer _model = null!;
    private static float[][] _scores = null!;

    public static IEnumerable<string> Forms => Pictures.Forms.Keys;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        var data = Pictures.Forms["float CHW"](Context);
        _model = Trainer().Fit(data);
        _scores = [.. _model.Transform(data).GetColumn<float[]>("Score")];
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void Transform_AnyForm_GivesTheSameScores(string form) => AssertScores(_model.Transform(Pictures.Forms[form](Context)));

    [TestMethod]
    [DynamicData(nameof(Forms))]
    public void Fit_AnyForm_GivesTheSameModel(string form)
    {
        var data = Pictures.Forms[form](Context);

        using var model = Trainer(Pictures.Shape).Fit(data);

        AssertScores(model.Transform(data));
    }

    [TestMethod]
    [DataRow("float HWC")]
    [DataRow("byte CHW")]
    [DataRow("byte HWC")]
    [DataRow("MLImage BGRA")]
    public void Fit_FormThatTellsItsSize_NeedsNoImageShape(string form)
    {
        using var model = Trainer().Fit(Pictures.Forms[form](Context));

        Assert.AreEqual(Pictures.Shape, model.Model.ImageShape);
        AssertScores(model.Transform(Pictures.Forms[form](Context)));
    }

    [TestMethod]
    [DataRow(true, true)]
    [DataRow(true, false)]
    [DataRow(false, true)]
    [DataRow(false, false)]
    public void Transform_PngFilesExtractedByMLNet_GiveTheSameScores(bool isInterleaved, bool areFloats)
    {
        using var folder = new TempFolder();
        var files = Pictures.Files(Context, folder);
        var pipeline = Images(folder).Append(Context.Transforms.ExtractPixels(
            "Features",
            "Image",
            ImagePixelExtractingEstimator.ColorBits.Rgb,
            ImagePixelExtractingEstimator.ColorsOrder.ARGB,
            isInterleaved,
            outputAsFloatArray: areFloats));

        AssertScores(_model.Transform(pipeline.Fit(files).Transform(files)));
    }

    [TestMethod]
    public void Transform_PngFilesAsImages_GiveTheSameScores()
    {
        using var folder = new TempFolder();
        var files = Pictures.Files(Context, folder);
        var pipeline = Images(folder).Append(Context.Transforms.CopyColumns("Features", "Image"));

        AssertScores(_model.Transform(pipeline.Fit(files).Transform(files)));
    }

    // Without ResizeImages the column's type holds no size; the images have it all the same.
    [TestMethod]
    public void Transform_PngFilesAsImagesOfUnknownSize_GiveTheSameScores()
    {
        using var folder = new TempFolder();
        var files = Pictures.Files(Context, folder);

        AssertScores(_model.Transform(Context.Transforms.LoadImages("Features", folder.Path, "ImagePath").Fit(files).Transform(files)));
    }

    [TestMethod]
    public void Fit_PngFilesAsImagesOfUnknownSizeWithImageShape_GivesTheSameModel()
    {
        using var folder = new TempFolder();
        var files = Pictures.Files(Context, folder);
        var pipeline = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Context.Transforms.LoadImages("Features", folder.Path, "ImagePath"))
            .Append(Trainer(Pictures.Shape));

        using var model = pipeline.Fit(files);

        AssertScores(model.Transform(files));
    }

    [TestMethod]
    public void Fit_WholePipelineOverPngFiles_GivesTheSameScoresAfterAReloadToo()
    {
        using var folder = new TempFolder();
        var files = Pictures.Files(Context, folder);
        var pipeline = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Images(folder))
            .Append(Context.Transforms.ExtractPixels("Features", "Image"))
            .Append(Trainer());

        using var model = pipeline.Fit(files);

        AssertScores(model.Transform(files));
        var loaded = EstimatorContract.Reloaded(Context, model, files.Schema);
        AssertScores(loaded.Transform(files));
        ((IDisposable)loaded).Dispose();
    }

    private static NoPropTrainer Trainer(ImageShape? shape = null) =>
        TinyImages.Trainer(Context, options => options with { ImageShape = shape });

    private static EstimatorChain<ImageResizingTransformer> Images(TempFolder folder) =>
        Context.Transforms
            .LoadImages("Image", folder.Path, "ImagePath")
            .Append(Context.Transforms.ResizeImages("Image", TinyImages.Side, TinyImages.Side));

    private static void AssertScores(IDataView scored)
    {
        var scores = scored.GetColumn<float[]>("Score").ToList();
        Assert.HasCount(_scores.Length, scores);
        for (var row = 0; row < scores.Count; row++)
        {
            CollectionAssert.AreEqual(_scores[row], scores[row], $"row {row}");
        }
    }
}
