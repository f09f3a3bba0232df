using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Image files that are missing or broken: the path is named, and no score of another image comes instead.</summary>
[TestClass]
public sealed class ImageFileTests
{
    private static readonly byte[] NoImage = "This is no image."u8.ToArray();

    private readonly string _folder = Directory.CreateTempSubdirectory("NullaProp.ML.Tests").FullName;

    [TestInitialize]
    public void WriteImages()
    {
        for (var i = 0; i < 8; i++)
        {
            byte[] pixels = [.. Tiny.Pixels(i).SelectMany(value => new[] { (byte)value, (byte)value, (byte)value, (byte)255 })];
            using var image = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Rgba32, pixels);
            image.Save(PathOf($"{i}.png"));
        }

        var good = File.ReadAllBytes(PathOf("0.png"));
        File.WriteAllBytes(PathOf("broken.png"), NoImage);
        File.WriteAllBytes(PathOf("empty.png"), []);
        File.WriteAllBytes(PathOf("cut.png"), good[..20]);
        Directory.CreateDirectory(PathOf("folder.png"));
    }

    [TestCleanup]
    public void DeleteImages() => Directory.Delete(_folder, recursive: true);

    [TestMethod]
    [DataRow("missing.png", true, "Could not find file")]
    [DataRow("broken.png", true, "Invalid input stream contents")]
    [DataRow("empty.png", true, "Invalid input stream contents")]
    [DataRow("cut.png", true, "Invalid input stream contents")]
    [DataRow("folder.png", true, "denied")]
    [DataRow("missing.png", false, "Could not find file")]
    [DataRow("broken.png", false, "Invalid input stream contents")]
    public void Fit_BadImageFile_NamesThePath(string name, bool extractsPixels, string reason)
    {
        var context = new MLContext(seed: 1);
        var files = Files();
        files[3].Path = PathOf(name);
        var pipeline = Pipeline(context, extractsPixels);

        Fault.Of<InvalidOperationException>(
            () => pipeline.Fit(context.Data.LoadFromEnumerable(files)),
            $"Row 3 (Path '{PathOf(name)}') could not be read: ",
            reason,
            "Mend it, or leave it out.");

        using var model = pipeline.Fit(context.Data.LoadFromEnumerable(Files()));
        Assert.HasCount(8, Scores(context, model, Files()));
    }

    [TestMethod]
    [DataRow("missing.png", true)]
    [DataRow("broken.png", true)]
    [DataRow("missing.png", false)]
    [DataRow("broken.png", false)]
    public void Transform_BadImageFile_NamesThePath(string name, bool extractsPixels)
    {
        var context = new MLContext(seed: 1);
        using var model = Pipeline(context, extractsPixels).Fit(context.Data.LoadFromEnumerable(Files()));
        var before = Scores(context, model, Files());
        var files = Files();
        files[3].Path = PathOf(name);

        Fault.Of<InvalidOperationException>(() => Scores(context, model, files), $"Row 3 (Path '{PathOf(name)}') could not be read: ");

        var after = Scores(context, model, Files());
        for (var i = 0; i < after.Length; i++)
        {
            CollectionAssert.AreEqual(before[i], after[i]);
        }
    }

    [TestMethod]
    [DataRow("missing.png", true)]
    [DataRow("broken.png", true)]
    [DataRow("missing.png", false)]
    [DataRow("broken.png", false)]
    public void PredictionEngine_BadImageFile_NamesThePathAndNeverGivesTheLastScore(string name, bool extractsPixels)
    {
        var context = new MLContext(seed: 1);
        using var model = Pipeline(context, extractsPixels).Fit(context.Data.LoadFromEnumerable(Files()));
        var expected = Scores(context, model, Files());
        var engine = context.Model.CreatePredictionEngine<ImageFile, Scored>(
            model,
            new PredictionEngineOptions { OwnsTransformer = false });
        var prediction = engine.Predict(Files()[0]);
        prediction.Score = [];

        Fault.Of<InvalidOperationException>(
            () => engine.Predict(new ImageFile { Path = PathOf(name) }, ref prediction),
            $"(Path '{PathOf(name)}') could not be read: ");
        Assert.IsEmpty(prediction.Score);
        Fault.Of<InvalidOperationException>(
            () => engine.Predict(new ImageFile { Path = PathOf(name) }),
            $"(Path '{PathOf(name)}') could not be read: ");

        Tiny.AssertEqual(expected[1], engine.Predict(Files()[1]).Score);
        Tiny.AssertEqual(expected[0], engine.Predict(Files()[0]).Score);
    }

    [TestMethod]
    public void Fit_BadImageFileAmongManyTexts_StillNamesThePath()
    {
        var context = new MLContext(seed: 1);
        var data =
            context.Data.LoadFromEnumerable([new DescribedFile { Path = PathOf("missing.png"), Text4 = new string('x', 1_000_000) }]);

        var fault = Fault.Of<InvalidOperationException>(
            () => Pipeline(context, extractsPixels: true).Fit(data),
            "Row 0 (Text4 'xxx", $"Path '{PathOf("missing.png")}'");

        Assert.IsLessThan(2_000, fault.Message.Length);
    }

    private static float[][] Scores(MLContext context, TransformerChain<NoPropTransformer> model, IEnumerable<ImageFile> files) =>
        Tiny.Scores(context, model.Transform(context.Data.LoadFromEnumerable(files)));

    private static EstimatorChain<NoPropTransformer> Pipeline(MLContext context, bool extractsPixels)
    {
        var resized = context.Transforms
            .LoadImages("Image", null, "Path")
            .Append(context.Transforms.ResizeImages("Features", 8, 8, "Image"));
        return extractsPixels
            ? resized.Append(context.Transforms.ExtractPixels("Features")).Append(Tiny.Trainer(context))
            : resized.Append(Tiny.Trainer(context));
    }

    private List<ImageFile> Files() => [.. Enumerable
        .Range(0, 8)
        .Select(i => new ImageFile { Label = (uint)i % 2, Path = PathOf($"{i}.png") })];

    private string PathOf(string name) => Path.Combine(_folder, name);

    private sealed class ImageFile
    {
        [KeyType(2)]
        public uint Label { get; set; }

        public string Path { get; set; } = string.Empty;
    }

    private sealed class DescribedFile
    {
        [KeyType(2)]
        public uint Label { get; set; }

        public string Text1 { get; set; } = string.Empty;

        public string Text2 { get; set; } = string.Empty;

        public string Text3 { get; set; } = string.Empty;

        public string Text4 { get; set; } = string.Empty;

        public string Path { get; set; } = string.Empty;
    }
}
