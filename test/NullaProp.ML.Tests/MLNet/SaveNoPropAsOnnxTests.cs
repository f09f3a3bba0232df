using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using NullaProp.ML.Tests.Onnx;
using NullaProp.ML.Tests.Support;
using static Microsoft.ML.Transforms.Image.ImagePixelExtractingEstimator;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Chains that load, resize and extract: the graph is given the pixels of images and scores as the chain does files.</summary>
[TestClass]
public sealed partial class SaveNoPropAsOnnxTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly TempFolder Folder = new();
    private static IDataView _files = null!;

    public static IEnumerable<object[]> Orders =>
        from order in Enum.GetValues<ColorsOrder>()
        from interleaved in new[] { false, true }
        select new object[] { order, interleaved };

    [ClassInitialize]
    public static void Draw(TestContext context) => _files = Pictures.Files(Context, Folder);

    [ClassCleanup]
    public static void Free() => Folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Orders))]
    public void SaveNoPropAsOnnx_AnyOrderOfColours_ReadsRedGreenBlue(ColorsOrder order, bool interleaved)
    {
        using var chain = Fit(Context.Transforms.ExtractPixels(
            "Features",
            "Image",
            orderOfExtraction: order,
            interleavePixelColors: interleaved,
            offsetImage: 117,
            scaleImage: 1f / 64));

        AssertScores(chain, Pictures.Pixels, "RGB");
    }

    [TestMethod]
    [DataRow(ColorBits.Red, "R")]
    [DataRow(ColorBits.Blue, "B")]
    [DataRow(ColorBits.Red | ColorBits.Blue, "RB")]
    [DataRow(ColorBits.All, "RGBA")]
    public void SaveNoPropAsOnnx_SomeColours_ReadsThose(ColorBits colours, string channels)
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image", colours, ColorsOrder.ABGR, scaleImage: 2));

        AssertScores(chain, [.. Pictures.Pixels.Select(image => Planes(image, channels))], channels);
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_BytesOfTheChain_ReadTheSame()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image", outputAsFloatArray: false));

        AssertScores(chain, Pictures.Pixels, "RGB");
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_ImagesWithoutExtraction_ReadRedGreenBlue()
    {
        using var chain = Fit(Context.Transforms.CopyColumns("Features", "Image"));

        AssertScores(chain, Pictures.Pixels, "RGB");
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_ColumnsTakenAwayBefore_ChangeNothing()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image").Append(Context.Transforms.DropColumns("ImagePath")));

        AssertScores(chain, Pictures.Pixels, "RGB");
    }

    // Another image beside, and one that ML.NET brings to size, say nothing of the one that NoProp reads.
    [TestMethod]
    public void SaveNoPropAsOnnx_SeveralImages_HasTheFitOfTheOneThatIsRead()
    {
        var side = TinyImages.Side;
        var beside = Context.Transforms.LoadImageFiles("Image", side, side, fit: ImageFit.Stretch)
            .Append(Context.Transforms.LoadImageFiles("Other", 20, 20, fit: ImageFit.Pad))
            .Append(Context.Transforms.ExtractPixels("Features", "Image"));
        var resized = Context.Transforms.LoadImageFiles("Large", 20, 20, fit: ImageFit.Pad)
            .Append(Context.Transforms.ResizeImages("Image", side, side, "Large"))
            .Append(Context.Transforms.ExtractPixels("Features", "Image"));

        Assert.AreEqual("Stretch", FitOf(beside));
        Assert.IsNull(FitOf(resized));
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_CopyOfThePixels_IsFollowed()
    {
        using var chain = Fit(Context.Transforms
            .ExtractPixels("Pixels", "Image", scaleImage: 3)
            .Append(Context.Transforms.CopyColumns("Features", "Pixels")));

        AssertScores(chain, Pictures.Pixels, "RGB");
    }

    [TestMethod]
    [DataRow(ColorBits.Green, "gray")]
    [DataRow(ColorBits.Rgb, "gray,gray,gray")]
    public void SaveNoPropAsOnnx_GreyImages_SayGray(ColorBits extracted, string channels)
    {
        using var chain = Fit(Context.Transforms
            .ConvertToGrayscale("Image")
            .Append(Context.Transforms.ResizeImages("Image", TinyImages.Side, TinyImages.Side))
            .Append(Context.Transforms.ExtractPixels("Features", "Image", extracted)));
        var grey = chain.Transform(_files).GetColumn<float[]>("Features").ToArray();

        AssertScores(chain, grey, channels);
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_BytesPixelByPixel_AreReadAsFilesHoldThem()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image", scaleImage: 1f / 255));
        using var run = Exported(chain, new OnnxExport { InputElement = OnnxElement.Byte, InputLayout = OnnxLayout.ChannelsLast });
        byte[] bytes =
        [
            .. from image in Pictures.Pixels
               from i in Enumerable.Range(0, image.Length)
               select (byte)image[(i % 3 * TinyImages.Size) + (i / 3)],
        ];

        var actual = run.Singles("scores", [Pictures.Pixels.Count, TinyImages.Side, TinyImages.Side, 3], bytes);

        AssertClose(Scores(chain), actual);
        Assert.AreEqual("NHWC", run.Session.ModelMetadata.CustomMetadataMap["layout"]);
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_InAPipelineThatReadsFiles_ScoresAsTheChain()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image", offsetImage: 9, scaleImage: 0.1f));
        Context.Model.SaveNoPropAsOnnx(chain, _files.Schema, Folder.File("pipeline.onnx"));
        using var pipeline = Context.Transforms.LoadImages("Image", Folder.Path, "ImagePath")
            .Append(Context.Transforms.ResizeImages("Image", TinyImages.Side, TinyImages.Side))
            .Append(Context.Transforms.ExtractPixels("image", "Image"))
            .Append(Context.Transforms.ApplyOnnxModel("scores", "image", Folder.File("pipeline.onnx")))
            .Fit(_files);

        var actual = pipeline.Transform(_files).GetColumn<float[]>("scores").SelectMany(scores => scores).ToArray();

        AssertClose(Scores(chain), actual);
    }

    [TestMethod]
    [DataRow(ImageFit.Crop)]
    [DataRow(ImageFit.Stretch)]
    public void SaveNoPropAsOnnx_ChainThatReadsFilesAsPeopleHaveThem_TellsHowAndScoresAlike(ImageFit fit)
    {
        var (side, path) = (TinyImages.Side, Folder.File("people.onnx"));
        var files = Context.Data.LoadFromEnumerable(_files.GetColumn<string>("ImagePath").Zip(_files.GetColumn<string>("Label"))
            .Select(file => new ImageRow { ImagePath = Folder.File(file.First), Label = file.Second }));
        using var chain = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Context.Transforms.LoadImageFiles("Features", side, side, fit: fit))
            .Append(TinyImages.Trainer(Context))
            .Fit(files);
        Context.Model.SaveNoPropAsOnnx(chain, files.Schema, path);
        using var pipeline = Context.Transforms.LoadImageFiles("Image", side, side, fit: fit)
            .Append(Context.Transforms.ExtractPixels("image", "Image"))
            .Append(Context.Transforms.ApplyOnnxModel("scores", "image", path))
            .Fit(files);

        var expected = chain.Transform(files).GetColumn<float[]>("Score").SelectMany(scores => scores).ToArray();
        var actual = pipeline.Transform(files).GetColumn<float[]>("scores").SelectMany(scores => scores).ToArray();

        AssertClose(expected, actual);
        using var session = new InferenceSession(path);
        Assert.AreEqual($"{fit}", session.ModelMetadata.CustomMetadataMap["image_fit"]);
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_LoadedChain_GivesTheSameFile()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image", offsetImage: 3));
        using var loaded = (IDisposable)EstimatorContract.Reloaded(Context, chain, _files.Schema);

        Context.Model.SaveNoPropAsOnnx(chain, _files.Schema, Folder.File("fitted.onnx"));
        Context.Model.SaveNoPropAsOnnx((ITransformer)loaded, _files.Schema, Folder.File("loaded.onnx"));

        CollectionAssert.AreEqual(File.ReadAllBytes(Folder.File("fitted.onnx")), File.ReadAllBytes(Folder.File("loaded.onnx")));
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_VectorsOfTheDataItself_GiveTheTransformersOwnFile()
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages.Trainer(Context).Fit(data);
        using var stream = new MemoryStream();

        Context.Model.SaveNoPropAsOnnx(model, data.Schema, Folder.File("chain.onnx"));
        model.SaveAsOnnx(stream, new OnnxExport());

        CollectionAssert.AreEqual(stream.ToArray(), File.ReadAllBytes(Folder.File("chain.onnx")));
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_StepThatItCannotWrite_SaysWhich()
    {
        using var chain = Fit(Context.Transforms
            .ExtractPixels("Pixels", "Image")
            .Append(Context.Transforms.NormalizeMinMax("Features", "Pixels")));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Exported(chain));

        StringAssert.Contains(fault.Message, "The column 'Features' is made by a NormalizingTransformer");
    }

    [TestMethod]
    public void SaveNoPropAsOnnx_NoModelOfOurs_SaysSo()
    {
        var model = Context.Transforms.CopyColumns("Copy", "Label").Fit(_files);

        var fault = Assert.ThrowsExactly<ArgumentException>(
            () => Context.Model.SaveNoPropAsOnnx(model, _files.Schema, Folder.File("none.onnx")));

        StringAssert.Contains(
            fault.Message, "The model has no NoProp transformer, but must have one; its steps are ColumnCopyingTransformer.");
        Assert.IsFalse(File.Exists(Folder.File("none.onnx")));
    }

    [TestMethod]
    public void ConvertToOnnx_ChainOfImages_NamesTheOtherCall()
    {
        using var chain = Fit(Context.Transforms.ExtractPixels("Features", "Image"));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => Context.Model.ConvertToOnnx(chain, _files, Stream.Null, "Score"));

        StringAssert.Contains(fault.Message, "call mlContext.Model.SaveNoPropAsOnnx with the same chain");
    }

    private static TransformerChain<NoPropTransformer> Fit(
        IEstimator<ITransformer> features, ImageShape? shape = null) => Context.Transforms.Conversion
        .MapValueToKey("Label")
        .Append(Context.Transforms.LoadImages("Image", Folder.Path, "ImagePath"))
        .Append(Context.Transforms.ResizeImages("Image", TinyImages.Side, TinyImages.Side))
        .Append(features)
        .Append(TinyImages.Trainer(Context, options => options with { ImageShape = shape }))
        .Fit(_files);

    private static OnnxRun Exported(ITransformer chain, OnnxExport? export = null)
    {
        using var stream = new MemoryStream();
        Context.Model.SaveNoPropAsOnnx(chain, _files.Schema, stream, export ?? new OnnxExport());
        return new OnnxRun(stream.ToArray());
    }

    private static void AssertScores(ITransformer chain, IReadOnlyList<float[]> images, string channels)
    {
        using var run = Exported(chain);

        int[] shape = [images.Count, images[0].Length / TinyImages.Size, TinyImages.Side, TinyImages.Side];
        var actual = run.Singles("scores", shape, [.. images.SelectMany(image => image)]);

        AssertClose(Scores(chain), actual);
        var metadata = run.Session.ModelMetadata.CustomMetadataMap;
        Assert.AreEqual((channels, "NCHW", "0..255"), (metadata["channel_order"], metadata["layout"], metadata["pixel_range"]));
    }

    private static float[] Planes(float[] image, string channels) =>
    [
        .. channels.SelectMany(channel => channel == 'A'
            ? Enumerable.Repeat(255f, TinyImages.Size)
            : image.Skip("RGB".IndexOf(channel, StringComparison.Ordinal) * TinyImages.Size).Take(TinyImages.Size)),
    ];

    private static float[] Scores(ITransformer chain) =>
        [.. chain.Transform(_files).GetColumn<float[]>("Score").SelectMany(score => score)];

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.IsLessThan(1e-5, Differences.Largest(expected, actual));
        Assert.IsGreaterThan(0.01, expected.Max() - expected.Min()); // else any pixels would do
    }
}
