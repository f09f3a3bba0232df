using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Onnx;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A trained model leaves ML.NET as an ONNX file and scores there as here.</summary>
[TestClass]
public sealed class SaveAsOnnxTests
{
    private const string OwnBackbone = "backbone of the tests of ONNX";

    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context, options => options with { Sampling = options.Sampling with { Draws = 2 } }).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void SaveAsOnnx_TrainedModel_ScoresAsItDoesItself()
    {
        using var folder = new TempFolder();
        var expected = _model.Transform(_data).GetColumn<VBuffer<float>>("Score").SelectMany(score => score.DenseValues()).ToArray();
        var pixels = _data.GetColumn<float[]>("Features").SelectMany(image => image).ToArray();

        _model.SaveAsOnnx(folder.File("model.onnx"));

        using var run = new OnnxRun(File.ReadAllBytes(folder.File("model.onnx")));
        var actual = run.Singles("scores", [pixels.Length / TinyImages.Size, 1, TinyImages.Side, TinyImages.Side], pixels);
        Assert.IsLessThan(1e-5, Differences.Largest(expected, actual));
        var names = JsonSerializer.Deserialize<string[]>(run.Session.ModelMetadata.CustomMetadataMap["class_names"]);
        CollectionAssert.AreEqual(_model.Model.ClassNames.ToArray(), names);
    }

    // As docs/deployment.md says: a graph cannot refuse a row, as the model does.
    [TestMethod]
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void SaveAsOnnx_PixelThatIsNoNumber_GivesScoresThatAreNone(float pixel)
    {
        using var stream = new MemoryStream();
        float[] images = [pixel, .. Enumerable.Repeat(7f, (2 * TinyImages.Size) - 1)];

        _model.SaveAsOnnx(stream);

        using var run = new OnnxRun(stream.ToArray());
        var scores = run.Singles("scores", [2, 1, TinyImages.Side, TinyImages.Side], images);
        CollectionAssert.AreEqual(new[] { true, true, true, false, false, false }, scores.Select(float.IsNaN).ToArray());
    }

    [TestMethod]
    public void SaveAsOnnx_TrainedModelInHalfPrecision_ScoresNearlyAsItDoesItself()
    {
        using var stream = new MemoryStream();
        var expected = _model.Transform(_data).GetColumn<float[]>("Score").SelectMany(score => score).ToArray();
        var pixels = _data.GetColumn<float[]>("Features").SelectMany(image => image).ToArray();

        _model.SaveAsOnnx(stream, new OnnxExport { Weights = OnnxPrecision.Half });

        using var run = new OnnxRun(stream.ToArray());
        var actual = run.Singles("scores", [pixels.Length / TinyImages.Size, 1, TinyImages.Side, TinyImages.Side], pixels);
        Assert.IsInRange(1e-7, 5e-3, Differences.Largest(expected, actual));
    }

    // ML.NET's own estimator reads the file back into a pipeline.
    [TestMethod]
    public void SaveAsOnnx_InOnnxScoringEstimator_ScoresAsItDoesItself()
    {
        using var folder = new TempFolder();
        _model.SaveAsOnnx(folder.File("model.onnx"), new OnnxExport { InputLayout = OnnxLayout.Vector });
        using var pipeline = Context.Transforms.CopyColumns("image", "Features")
            .Append(Context.Transforms.ApplyOnnxModel(["scores", "class"], ["image"], folder.File("model.onnx")))
            .Fit(_data);

        var scored = pipeline.Transform(_data);

        var expected = _model.Transform(_data);
        AssertClose(expected.GetColumn<float[]>("Score"), scored.GetColumn<float[]>("scores"));
        CollectionAssert.AreEqual(
            expected.GetColumn<uint>("PredictedLabel").Select(key => (long)key - 1).ToArray(), // keys count from 1
            scored.GetColumn<long[]>("class").Select(number => number.Single()).ToArray());
    }

    [TestMethod]
    public void SaveAsOnnx_LoadedModel_GivesTheSameFile()
    {
        using var folder = new TempFolder();
        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, _model, _data.Schema);

        _model.SaveAsOnnx(folder.File("fitted.onnx"));
        loaded.SaveAsOnnx(folder.File("loaded.onnx"));

        CollectionAssert.AreEqual(File.ReadAllBytes(folder.File("fitted.onnx")), File.ReadAllBytes(folder.File("loaded.onnx")));
    }

    [TestMethod]
    public void SaveAsOnnx_EarlyExit_LeavesTheFormerFileAndSaysWhatToChange()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("model.onnx"), "before");
        using var early = _model.WithSampling(options => options with { EarlyExit = EarlyExit.WhenClassIsDecided });

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => early.SaveAsOnnx(folder.File("model.onnx")));

        StringAssert.Contains(fault.Message, "WithSampling(sampling => sampling with { EarlyExit = EarlyExit.Never })");
        Assert.AreEqual("before", File.ReadAllText(folder.File("model.onnx")));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void SaveAsOnnx_ModuleOfLayers_ScoresInTheRuntimeAsHere(int blocks)
    {
        NoPropBackbones.Register(OwnBackbone, static shape => nn.Sequential(
            nn.Conv2d(shape.Channels, 4, 3, padding: 1), nn.BatchNorm2d(4), nn.GELU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1)));
        var trainer = TinyImages.Trainer(Context, options => options with
        {
            Variant = blocks == 1 ? new ContinuousTime() : new DiscreteTime { BlockCount = blocks },
            Backbone = NoPropBackbone.Custom,
            BackboneName = OwnBackbone,
        });
        using var model = trainer.Fit(_data);
        using var file = new MemoryStream();

        model.SaveAsOnnx(file, new OnnxExport());

        var pixels = _data.GetColumn<float[]>("Features").ToList();
        using var run = new OnnxRun(file.ToArray());
        var found = run.Singles("scores", [pixels.Count, 1, TinyImages.Side, TinyImages.Side], [.. pixels.SelectMany(row => row)]);
        var own = model.Transform(_data).GetColumn<float[]>("Score").SelectMany(row => row).ToList();
        Assert.HasCount(own.Count, found);
        Assert.IsLessThan(1e-5f, own.Zip(found, (x, y) => Math.Abs(x - y)).Aggregate(0f, MathF.Max));
    }

    [TestMethod]
    public void SaveAsOnnx_ModuleThatIsCode_SaysWhatToChange()
    {
        NoPropBackbones.Register(OwnBackbone, static _ => nn.Sequential(nn.Flatten(), nn.Softmax(1)));
        var trainer = TinyImages.Trainer(Context, options => options with { Backbone = NoPropBackbone.Custom, BackboneName = OwnBackbone });
        using var model = trainer.Fit(_data);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => model.SaveAsOnnx(Stream.Null, new OnnxExport()));

        StringAssert.Contains(fault.Message, $"The backbone '{OwnBackbone}' is a module of your own with a Softmax");
        StringAssert.Contains(fault.Message, nameof(NoPropBackbone));
    }

    [TestMethod]
    [DataRow("", "InputName is ''")]
    [DataRow("/x", "InputName is '/x'")]
    [DataRow("scores", "InputName and ScoreName are both 'scores'")]
    public void SaveAsOnnx_UnfitName_SaysWhich(string name, string expected)
    {
        var fault = Assert.ThrowsExactly<ArgumentException>(() => _model.SaveAsOnnx(Stream.Null, new OnnxExport { InputName = name }));

        StringAssert.Contains(fault.Message, expected);
    }

    [TestMethod]
    public void SaveAsOnnx_NameThatNoFileKeeps_SaysSo()
    {
        foreach (var name in new[] { "a\0b", "a\ud800" })
        {
            var fault = Assert.ThrowsExactly<ArgumentException>(() => _model.SaveAsOnnx(Stream.Null, new OnnxExport { ScoreName = name }));

            StringAssert.Contains(fault.Message, "ScoreName holds a character of value 0, or a surrogate without its other half");
        }
    }

    // They would be taken for the last of those that there are.
    [TestMethod]
    public void SaveAsOnnx_UnknownChoice_SaysWhichThereAre()
    {
        OnnxExport[] exports =
        [
            new() { InputLayout = (OnnxLayout)9 },
            new() { InputElement = (OnnxElement)9 },
            new() { Weights = (OnnxPrecision)9 },
        ];
        foreach (var export in exports)
        {
            var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _model.SaveAsOnnx(Stream.Null, export));

            Assert.Contains(" is 9, but must be one of ", fault.Message);
        }
    }

    [TestMethod]
    public void SaveAsOnnx_DisposedModel_IsRefused()
    {
        var model = _model.WithSampling(options => options);
        model.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => model.SaveAsOnnx(Stream.Null, new OnnxExport()));
    }

    private static void AssertClose(IEnumerable<float[]> expected, IEnumerable<float[]> actual) =>
        Assert.IsLessThan(1e-5, Differences.Largest(expected.SelectMany(row => row), actual.SelectMany(row => row)));
}
