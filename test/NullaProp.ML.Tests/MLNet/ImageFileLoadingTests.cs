using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.ImageFiles;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Loading image files as a transform of ML.NET's: in pipelines, saved models, prediction engines and parallel cursors.</summary>
[TestClass]
public sealed class ImageFileLoadingTests : IDisposable
{
    private const int Side = 8;
    private static readonly MLContext Context = new(seed: 1);

    private static readonly NoPropOptions DarkOrLight = new()
    {
        Backbone = NoPropBackbone.Mlp,
        Epochs = 15,
        BatchSize = 4,
        HiddenSize = 16,
        LearningRate = 0.01,
    };

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Fit_FolderToClassNames_TrainsSavesLoadsAndPredictsFromAPath()
    {
        var images = DarkAndLight();
        using var model = Context.Transforms.LoadImageFiles("Features", Side, Side)
            .Append(Context.MulticlassClassification.Trainers.NoProp(DarkOrLight))
            .Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(images.Data);
        Context.Model.Save(model, images.Data.Schema, _folder.File("model.zip"));

        var fresh = new MLContext();
        var loaded = fresh.Model.Load(_folder.File("model.zip"), out _);
        using var engine = fresh.Model.CreatePredictionEngine<ImageRow, NamedPrediction>(loaded);
        foreach (var file in images.Files)
        {
            Assert.AreEqual(file.Label, engine.Predict(new ImageRow { ImagePath = file.ImagePath }).PredictedLabel);
        }

        CollectionAssert.AreEqual(Scores(model), Scores(loaded));

        float[] Scores(ITransformer scorer) =>
            [.. scorer.Transform(images.Data).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    [TestMethod]
    public void Transform_AnotherContextAfterSaving_GivesTheSamePixels()
    {
        File.WriteAllBytes(_folder.File("1.png"), OddImages.Png(13, 8, 0, (y, x) => [(byte)((7 * y) + (11 * x))]));
        var data = Rows("1.png");
        var transformer = Context.Transforms.LoadImageFiles("Image", 20, 10, fit: ImageFit.Pad).Fit(data);

        var loaded = EstimatorContract.Reloaded(Context, transformer, data.Schema);

        CollectionAssert.AreEqual(Pixels(transformer.Transform(data)).Single(), Pixels(loaded.Transform(data)).Single());
        var type = (ImageDataViewType)loaded.GetOutputSchema(data.Schema)["Image"].Type;
        Assert.AreEqual((20, 10), (type.Width, type.Height));
    }

    // As with ML.NET's own loading of images.
    [TestMethod]
    public void Transform_ImagesThatAreKept_LiveOnAfterTheCursor()
    {
        var pixels = OddImages.Png(6, 8, 0, (y, x) => [(byte)(y + x)]);
        File.WriteAllBytes(_folder.File("1.png"), pixels);
        File.WriteAllBytes(_folder.File("2.png"), pixels);
        var data = Rows("1.png", "2.png");
        var images = Context.Transforms.LoadImageFiles("Image", 6, 4).Fit(data).Transform(data);
        var kept = new List<MLImage>();
        using (var cursor = images.GetRowCursor(images.Schema))
        {
            var getter = cursor.GetGetter<MLImage>(images.Schema["Image"]);
            while (cursor.MoveNext())
            {
                MLImage image = null!;
                getter(ref image);
                kept.Add(image);
            }
        }

        Assert.HasCount(2, kept);
        foreach (var image in kept)
        {
            Assert.AreEqual((6, 4), (image.Width, image.Height));
            image.Dispose();
        }
    }

    // As of a database, or an upload; also where the paths were of the training.
    [TestMethod]
    public void Transform_ContentsInThePlaceOfPaths_GiveTheSamePixels()
    {
        byte[] file = OddImages.Png(13, 8, 0, (y, x) => [(byte)((7 * y) + (11 * x))]);
        File.WriteAllBytes(_folder.File("1.png"), file);
        var data = Rows("1.png");
        var transformer = Context.Transforms.LoadImageFiles("Image", 20, 10).Fit(data);

        var expected = Pixels(transformer.Transform(data)).Single();

        var loaded = EstimatorContract.Reloaded(Context, transformer, data.Schema);
        CollectionAssert.AreEqual(expected, Pixels(loaded.Transform(Contents(file))).Single());
        var fromBytes = Context.Transforms.LoadImageFiles("Image", 20, 10).Fit(Contents(file));
        CollectionAssert.AreEqual(expected, Pixels(fromBytes.Transform(data)).Single());
        foreach (var broken in new[] { file[..50], [] })
        {
            var fault = Assert.Throws<Exception>(() => Pixels(loaded.Transform(Contents(broken))));
            Assert.Contains(
                "The data cannot be read as an image: ", string.Join(" ", BadInput.Fault.Causes(fault).Select(cause => cause.Message)));
        }
    }

    // The habit from ImageClassification.
    [TestMethod]
    public void Fit_RawBytesOfMLNet_TrainsAndPredictsAnUpload()
    {
        var images = DarkAndLight();
        using var model = Context.Transforms.LoadRawImageBytes("Raw", imageFolder: null, "ImagePath")
            .Append(Context.Transforms.LoadImageFiles("Features", Side, Side, "Raw"))
            .Append(Context.MulticlassClassification.Trainers.NoProp(DarkOrLight))
            .Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(images.Data);

        var byContents = new TransformerChain<ITransformer>([.. model.Steps().Skip(1)]);
        using var engine = Context.Model.CreatePredictionEngine<RawImage, NamedPrediction>(
            byContents, new PredictionEngineOptions { OwnsTransformer = false });

        foreach (var file in images.Files)
        {
            Assert.AreEqual(file.Label, engine.Predict(new RawImage { Raw = File.ReadAllBytes(file.ImagePath) }).PredictedLabel);
        }
    }

    [TestMethod]
    public void Transform_SeveralCursors_ReadEveryFileOnce()
    {
        for (var i = 0; i < 60; i++)
        {
            Write($"{i}.png", (byte)i);
        }

        var data = Rows([.. Enumerable.Range(0, 60).Select(i => $"{i}.png")]);
        var loaded = Context.Transforms.LoadImageFiles("Image", Side, Side).Fit(data).Transform(data);

        var seen = new List<int>();
        foreach (var cursor in loaded.GetRowCursorSet(loaded.Schema, 3))
        {
            using (cursor)
            {
                var getter = cursor.GetGetter<MLImage>(loaded.Schema["Image"]);
                MLImage image = null!;
                while (cursor.MoveNext())
                {
                    getter(ref image);
                    seen.Add(image.Pixels[0]);
                }
            }
        }

        CollectionAssert.AreEquivalent(Enumerable.Range(0, 60).ToArray(), seen);
        Assert.AreEqual(60, loaded.GetRowCount());
    }

    [TestMethod]
    public void Transform_FileThatCannotBeRead_IsNamedAndTheOthersAreRead()
    {
        Write("1.png", 1);
        File.WriteAllBytes(_folder.File("2.png"), []);
        var loaded = Context.Transforms.LoadImageFiles("Image", Side, Side).Fit(Rows("1.png")).Transform(Rows("1.png", "2.png"));

        var fault = Assert.Throws<Exception>(() => Pixels(loaded));

        Assert.Contains(
            $"The file '{_folder.File("2.png")}' cannot be read as an image: it is empty.",
            string.Join(" ", BadInput.Fault.Causes(fault).Select(cause => cause.Message)));
    }

    [TestMethod]
    public void Fit_ColumnMissingOrNoText_SaysWhatIsNeeded()
    {
        var data = Rows("1.png");

        var missing = Assert.Throws<ArgumentOutOfRangeException>(
            () => Context.Transforms.LoadImageFiles("Image", Side, Side, "Photo").Fit(data));
        var number = Assert.Throws<ArgumentOutOfRangeException>(
            () => Context.Transforms.LoadImageFiles("Image", Side, Side, "Features").Fit(TinyImages.Keys(Context)));

        Assert.Contains("Photo", missing.Message);
        Assert.Contains("Text", number.Message);
    }

    [TestMethod]
    public void GetOutputSchema_OfTheEstimator_IsThatOfItsData()
    {
        var data = Rows("1.png");
        var estimator = Context.Transforms.LoadImageFiles("Image", 20, 10);

        var promised = estimator.GetOutputSchema(SchemaShapes.Of(data.Schema));

        EstimatorContract.AssertShapes(promised, SchemaShapes.Of(estimator.Fit(data).Transform(data).Schema));
    }

    [TestMethod]
    [DataRow(0, 8)]
    [DataRow(8, 0)]
    [DataRow(16_385, 8)]
    public void LoadImageFiles_SizeOutOfRange_IsRefused(int width, int height) =>
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Context.Transforms.LoadImageFiles("Image", width, height));

    private static IDataView Contents(byte[] file) => Context.Data.LoadFromEnumerable([new Upload { Contents = file }]);

    private static List<byte[]> Pixels(IDataView data) => [.. data.GetColumn<MLImage>("Image").Select(image => image.Pixels.ToArray())];

    private IDataView Rows(params string[] names) =>
        Context.Data.LoadFromEnumerable(names.Select(name => new ImageRow { ImagePath = _folder.File(name) }).ToList());

    private ImageFolder DarkAndLight()
    {
        for (var i = 0; i < 8; i++)
        {
            Write($"dark/{i}.png", (byte)(20 + i));
            Write($"light/{i}.png", (byte)(220 + i));
        }

        return Context.Data.LoadImageFolder(_folder.Path);
    }

    private void Write(string name, byte grey)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), OddImages.Png(Side, 8, 0, (_, _) => [grey]));
    }

    private sealed class Upload
    {
        [ColumnName("ImagePath")]
        public byte[] Contents { get; init; } = [];
    }

    private sealed class RawImage
    {
        public byte[] Raw { get; init; } = [];
    }
}
