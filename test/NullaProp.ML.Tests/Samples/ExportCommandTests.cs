using Microsoft.ML;
using Microsoft.ML.Transforms;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What the command <c>export</c> does with a model that was saved.</summary>
[TestClass]
public sealed partial class ExportCommandTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly TempFolder Folder = new();
    private static List<ImageRow> _images = null!;

    private static string Model => Folder.File("model.zip");

    [ClassInitialize]
    public static void Save(TestContext context)
    {
        _images =
        [
            .. Context.Data.CreateEnumerable<PictureFile>(Pictures.Files(Context, Folder), reuseRowObject: false)
                .Select(file => new ImageRow { ImagePath = Folder.File(file.ImagePath), Label = file.Label }),
        ];
        var rows = Context.Data.LoadFromEnumerable(_images);
        var labelled = Context.Transforms.Conversion
            .MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(rows)
            .Transform(rows);
        var pixels = new ImagePixels { Side = TinyImages.Side, Colors = PixelColors.Rgb }.CreatePipeline(Context).Fit(labelled);
        var trained = TinyImages.Trainer(Context).Fit(pixels.Transform(labelled));
        using var chain = ImageClassifierTraining.Chain(Context, pixels, trained, pixels.Transform(labelled));
        Context.Model.Save(chain, rows.Schema, Model);
    }

    [ClassCleanup]
    public static void Free() => Folder.Dispose();

    [TestMethod]
    [DataRow(OnnxElement.FullPrecision, OnnxLayout.ChannelsFirst)]
    [DataRow(OnnxElement.FullPrecision, OnnxLayout.Vector)]
    [DataRow(OnnxElement.Byte, OnnxLayout.ChannelsFirst)]
    [DataRow(OnnxElement.Byte, OnnxLayout.ChannelsLast)]
    public void Export_EveryFormOfImages_ScoresAsTheModel(OnnxElement element, OnnxLayout layout)
    {
        using var predictor = ImagePredictor.Load(Model);
        predictor.SaveAsOnnx(Folder.File("a.onnx"), new OnnxExport { InputElement = element, InputLayout = layout });

        Assert.IsLessThan(1e-5, predictor.DifferenceFromOnnx(Folder.File("a.onnx"), _images));
    }

    // A server would name the old network's classes after the new labels.
    [TestMethod]
    public void Export_ForTritonWhereAFileCannotBeReplaced_LeavesTheModelThatIsThere()
    {
        using var predictor = ImagePredictor.Load(Model);
        predictor.SaveAsOnnx(Folder.File("cats.onnx"), new OnnxExport());
        var model = TritonRepository.Write(Folder.File("repository"), Folder.File("cats.onnx"));
        var (labels, network) = (Path.Combine(model, "labels.txt"), Path.Combine(model, "1", "model.onnx"));
        File.WriteAllText(labels, "of before");
        predictor.SaveAsOnnx(network, new OnnxExport { PathName = "way" });
        var before = File.ReadAllBytes(network);
        File.Delete(Path.Combine(model, "config.pbtxt"));
        Directory.CreateDirectory(Path.Combine(model, "config.pbtxt", "in the way"));

        Assert.ThrowsExactly<UserMistakeException>(() => TritonRepository.Write(Folder.File("repository"), Folder.File("cats.onnx")));

        Assert.AreEqual("of before", File.ReadAllText(labels));
        CollectionAssert.AreEqual(before, File.ReadAllBytes(network));
        Assert.HasCount(3, Directory.GetFileSystemEntries(model), "nothing half-written is left");
    }

    // A repository holds models of many programs.
    [TestMethod]
    [DataRow("config.pbtxt", "name: \"mine\"\n")]
    [DataRow("1/model.onnx", "\b\b\u0012\apytorch")]
    [DataRow("1/model.pt", "weights")]
    [DataRow("labels.txt", "mine")]
    public void Export_ForTritonOverAModelOfAnotherProgram_IsRefusedBeforeAnythingIsWritten(string file, string content)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("models/mine/1"));
        File.WriteAllText(folder.File($"models/mine/{file}"), content);

        var (exitCode, lines) = SamplesProgram.Run(
            "export", Model, folder.File("mine.onnx"), "--triton", folder.File("models"));

        Assert.AreEqual(1, exitCode);
        Assert.Contains("holds a model that this program did not write, and that would be lost. ", string.Join('\n', lines));
        Assert.AreEqual(content, File.ReadAllText(folder.File($"models/mine/{file}")));
        Assert.HasCount(1, Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
    }

    [TestMethod]
    public void At_ModelAndOnnxFileOfBefore_MayBeReplaced()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(Model);
        predictor.SaveAsOnnx(folder.File("a.onnx"), new OnnxExport());

        Assert.AreEqual(Model, OutputFile.At(Model, OutputKind.Model).Path);
        Assert.AreEqual(folder.File("a.onnx"), OutputFile.At(folder.File("a.onnx"), OutputKind.Onnx).Path);
    }

    [TestMethod]
    public void Export_ForTriton_WritesARepository()
    {
        using var predictor = ImagePredictor.Load(Model);
        predictor.SaveAsOnnx(Folder.File("pets.onnx"), new OnnxExport { PathName = "way" });

        TritonRepository.Write(Folder.File("models"), Folder.File("pets.onnx"));

        var model = Path.Combine(Folder.Path, "models", "pets");
        CollectionAssert.AreEqual(
            File.ReadAllBytes(Folder.File("pets.onnx")),
            File.ReadAllBytes(Path.Combine(model, "1", "model.onnx")));
        CollectionAssert.AreEqual(new[] { "cat", "dog", "owl" }, File.ReadAllLines(Path.Combine(model, "labels.txt")));
        Assert.AreEqual(
            """
            name: "pets"
            platform: "onnxruntime_onnx"
            max_batch_size: 256
            dynamic_batching { }
            input [ { name: "image" data_type: TYPE_FP32 dims: [ 3, 8, 8 ] } ]
            output [ { name: "scores" data_type: TYPE_FP32 dims: [ 3 ] label_filename: "labels.txt" } ]
            output [ { name: "class" data_type: TYPE_INT64 dims: [ 1 ] reshape { shape: [ ] } } ]
            output [ { name: "way" data_type: TYPE_FP32 dims: [ 4, 3 ] } ]

            """,
            string.Join('\n', File.ReadAllText(Path.Combine(model, "config.pbtxt")).Split('\n').Skip(1)));
    }

    // Batching and instances are tuned there.
    [TestMethod]
    public void Export_ForTritonOverAConfigurationChangedByHand_LeavesThatOne()
    {
        using var predictor = ImagePredictor.Load(Model);
        predictor.SaveAsOnnx(Folder.File("owls.onnx"), new OnnxExport());
        var config = Path.Combine(TritonRepository.Write(Folder.File("tuned"), Folder.File("owls.onnx")), "config.pbtxt");
        predictor.SaveAsOnnx(Folder.File("owls.onnx"), new OnnxExport { PathName = "way" });

        TritonRepository.Write(Folder.File("tuned"), Folder.File("owls.onnx"));
        var written = File.ReadAllText(config);
        File.WriteAllText(config, written.Replace("max_batch_size: 256", "max_batch_size: 8", StringComparison.Ordinal));
        TritonRepository.Write(Folder.File("tuned"), Folder.File("owls.onnx"));

        StringAssert.Contains(written, "\"way\"", "the one of before was unchanged");
        StringAssert.Contains(File.ReadAllText(config), "max_batch_size: 8\n");
    }

    [TestMethod]
    [DataRow("models", "is a folder")]
    [DataRow("none/a.onnx", "does not exist")]
    public void Export_PathThatCannotBeWritten_SaysWhy(string path, string reason)
    {
        Directory.CreateDirectory(Folder.File("models"));
        using var predictor = ImagePredictor.Load(Model);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => predictor.SaveAsOnnx(Folder.File(path), new OnnxExport()));

        StringAssert.Contains(mistake.Message, reason);
    }
}
