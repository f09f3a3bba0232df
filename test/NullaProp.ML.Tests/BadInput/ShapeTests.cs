using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Image sizes that are not to be found, do not fit or are too small.</summary>
[TestClass]
public sealed class ShapeTests
{
    private static readonly ImageShape Small = new(1, 8, 8);

    [TestMethod]
    public void Fit_VectorOfUnknownSize_TellsWhatIsNeeded()
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable([new UnknownSize()]);
        var trainer = Tiny.Trainer(context);

        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(data),
            "Column 'Features' is a vector of unknown size, but NoProp needs a known number of values. Add ExtractPixels, or set the "
                + "size with [VectorType(n)].");
        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context, Tiny.Options with { ImageShape = Small }).Fit(data),
            "Column 'Features' is a vector of unknown size, but NoProp needs 64 values (1×8×8).");
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_FlatVectorWithoutImageShape_AsksForIt()
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable([new FlatVector()]);

        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context).Fit(data),
            "Column 'Features' is a flat vector of 64 values, and ImageShape is not set, so there is no image size to be found. For "
                + "a row of a table, take NoPropOptions.Tables; for an image, set ImageShape, or use ExtractPixels");
    }

    [TestMethod]
    [DataRow(1, 8, 9, "1×8×9", "72 values")]
    [DataRow(3, 8, 8, "3×8×8", "192 values")]
    [DataRow(1, 16, 16, "1×16×16", "256 values")]
    public void Fit_VectorThatDoesNotFitImageShape_TellsBothSizes(int channels, int height, int width, string shape, string values)
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Tiny.Options with { ImageShape = new(channels, height, width) });

        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(context.Data.LoadFromEnumerable([new FlatVector()])),
            $"Column 'Features' holds 64 values, but NoProp needs {values} ({shape}). Change the size where the images "
                + "are made (LoadImageFiles, or ResizeImages before ExtractPixels), or ImageShape.");
        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(Tiny.Data(context)),
            $"Column 'Features' holds 64 values (1×8×8), but NoProp needs {values} ({shape}).");
    }

    [TestMethod]
    public void Transform_OtherSizeThanTrainedOn_TellsBothSizes()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var before = Tiny.Scores(context, model, Tiny.Photos());
        var larger = context.Data.LoadFromEnumerable([new LargerImage()]);
        var unknown = context.Data.LoadFromEnumerable([new UnknownSize()]);
        const string sentence = "Column 'Features' holds 100 values (1×10×10), but NoProp needs 64 values (1×8×8).";

        Fault.Of<ArgumentOutOfRangeException>(() => model.Transform(larger), sentence);
        Fault.Of<ArgumentOutOfRangeException>(() => model.GetOutputSchema(larger.Schema), sentence);
        Fault.Of<ArgumentOutOfRangeException>(() => model.GetRowToRowMapper(larger.Schema), sentence);
        Fault.Of<ArgumentOutOfRangeException>(() => model.Diagnose(larger), sentence);
        Fault.Of<ArgumentOutOfRangeException>(() => model.Transform(unknown), "unknown size", "64 values (1×8×8)");
        Tiny.AssertScores(context, model, before);
    }

    [TestMethod]
    public void Fit_ValidationOfAnotherSize_TellsBothSizes()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context);

        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(Tiny.Data(context), context.Data.LoadFromEnumerable([new LargerImage()])),
            "Column 'Features' holds 100 values (1×10×10), but NoProp needs 64 values (1×8×8).");
        Tiny.AssertTrains(context, trainer);
    }

    [TestMethod]
    public void Fit_ImagesOfUnknownSize_AsksForResizeOrImageShape()
    {
        var context = new MLContext(seed: 1);
        var data = UnsizedImages(context);

        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context).Fit(data),
            "Column 'Features' holds images of unknown size, and ImageShape is not set, so there is no image size to be found. Read "
                + "the files with LoadImageFiles, add ResizeImages before NoProp, or set ImageShape.");
    }

    [TestMethod]
    public void Fit_ImagesWithTwoChannelsAskedFor_Refuses()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Tiny.Options with { ImageShape = new(2, 8, 8) });
        const string sentence =
            "Column 'Features' holds images, which give 1 or 3 channels, but ImageShape asks for 2. Set 1 or 3, or use ExtractPixels.";

        Fault.Of<ArgumentOutOfRangeException>(() => trainer.Fit(UnsizedImages(context)), sentence);
        Fault.Of<ArgumentOutOfRangeException>(() => trainer.Fit(context.Data.LoadFromEnumerable<SizedImage>([])), sentence);
    }

    [TestMethod]
    public void Fit_ImagesThatDoNotFitImageShape_TellsBothSizes()
    {
        var context = new MLContext(seed: 1);
        var trainer = Tiny.Trainer(context, Tiny.Options with { ImageShape = new(3, 9, 9) });

        Fault.Of<ArgumentOutOfRangeException>(
            () => trainer.Fit(context.Data.LoadFromEnumerable<SizedImage>([])),
            "Column 'Features' holds images of 3×8×8, but NoProp needs images of 3×9×9.");
    }

    [TestMethod]
    public void Fit_ImagesUnderEightPixels_TellsTheSmallest()
    {
        var context = new MLContext(seed: 1);
        const string sentence = "but NoProp needs at least 8×8 pixels. Enlarge them with LoadImageFiles or ResizeImages";

        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable([new SmallVector()])),
            "images of 3×7×8",
            sentence);
        Fault.Of<ArgumentOutOfRangeException>(
            () => Tiny.Trainer(context).Fit(context.Data.LoadFromEnumerable<SmallImage>([])),
            "images of 3×8×7",
            sentence);
    }

    [TestMethod]
    public void ImageStore_ImagesOfManyMegapixels_TakesThem()
    {
        var shape = new ImageShape(3, 1024, 1024);
        var store = new ImageStore(shape);

        store.Add(new float[shape.Size], 0);

        Assert.AreEqual(1, store.Count);
    }

    private static IDataView UnsizedImages(MLContext context)
    {
        var data = context.Data.LoadFromEnumerable([new ImageFile()]);
        return context.Transforms.LoadImages("Features", null, "Path").Fit(data).Transform(data);
    }

    private abstract class Labelled
    {
        [KeyType(2)]
        public uint Label { get; set; }
    }

    private sealed class UnknownSize : Labelled
    {
        public float[] Features { get; set; } = new float[Tiny.Values];
    }

    private sealed class FlatVector : Labelled
    {
        [VectorType(Tiny.Values)]
        public float[] Features { get; set; } = new float[Tiny.Values];
    }

    private sealed class LargerImage : Labelled
    {
        [VectorType(1, 10, 10)]
        public float[] Features { get; set; } = new float[100];
    }

    private sealed class SmallVector : Labelled
    {
        [VectorType(3, 7, 8)]
        public float[] Features { get; set; } = new float[168];
    }

    private sealed class ImageFile : Labelled
    {
        public string Path { get; set; } = string.Empty;
    }

    private sealed class SizedImage : Labelled
    {
        [ImageType(8, 8)]
        public MLImage? Features { get; set; }
    }

    private sealed class SmallImage : Labelled
    {
        [ImageType(8, 7)]
        public MLImage? Features { get; set; }
    }
}
