using Microsoft.ML;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What the command <c>export</c> says of the file that it has written, and of models of another making.</summary>
public sealed partial class ExportCommandTests
{
    [TestMethod]
    [DataRow(9e-5, OnnxPrecision.Full, false)]
    [DataRow(2e-4, OnnxPrecision.Full, true)]
    [DataRow(2e-4, OnnxPrecision.Half, false)]
    [DataRow(2e-2, OnnxPrecision.Half, true)]
    [DataRow(double.NaN, OnnxPrecision.Full, true)]
    [DataRow(double.NaN, OnnxPrecision.Half, true)]
    public void Export_DifferenceOnImages_IsRefusedWhereItIsMoreThanRounding(double difference, OnnxPrecision weights, bool isRefused)
    {
        void Compare() => ExportCommand.RequireSame("a.onnx", difference, weights);

        if (isRefused)
        {
            StringAssert.Contains(Assert.ThrowsExactly<UserMistakeException>(Compare).Message, "answers otherwise than the model");
        }
        else
        {
            Compare();
        }
    }

    // The grey is made by NoProp itself or by ML.NET: by other shares of the colours.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Export_ColourImagesReadAsGrey_ScoresAsTheModel(bool isMadeGrey)
    {
        var image = Context.Transforms.LoadImageFiles("Features", TinyImages.Side, TinyImages.Side);
        Save("grey.zip", isMadeGrey ? image.Append(Context.Transforms.ConvertToGrayscale("Features")) : image, options => options with
        {
            ImageShape = new(1, TinyImages.Side, TinyImages.Side),
        });
        using var predictor = ImagePredictor.Load(Folder.File("grey.zip"));

        predictor.SaveAsOnnx(Folder.File("grey.onnx"), new OnnxExport());

        Assert.IsLessThan(1e-5, predictor.DifferenceFromOnnx(Folder.File("grey.onnx"), _images));
    }

    [TestMethod]
    public void Export_ModelSavedWithoutASchema_ScoresAsTheModel()
    {
        Save("bare.zip", Context.Transforms.LoadImageFiles("Features", TinyImages.Side, TinyImages.Side), hasSchema: false);
        using var predictor = ImagePredictor.Load(Folder.File("bare.zip"));

        predictor.SaveAsOnnx(Folder.File("bare.onnx"), new OnnxExport());

        Assert.IsLessThan(1e-5, predictor.DifferenceFromOnnx(Folder.File("bare.onnx"), _images));
    }

    [TestMethod]
    public void Export_WayOfAPlainClassifier_IsRefusedBeforeAnythingIsWritten()
    {
        Save("plain.zip", Context.Transforms.LoadImageFiles("Features", TinyImages.Side, TinyImages.Side), options => options with
        {
            Variant = new CrossEntropyBaseline(),
            Sampling = new(),
        });

        var (exitCode, lines) = SamplesProgram.Run("export", Folder.File("plain.zip"), Folder.File("plain.onnx"), "--path", "way");

        Assert.AreEqual(1, exitCode);
        Assert.Contains("The model is a plain classifier, which goes no way from noise to label.", string.Join('\n', lines));
        Assert.IsFalse(File.Exists(Folder.File("plain.onnx")));
    }

    // A server may begin with what stands in its repository at once.
    [TestMethod]
    public void Export_ComparisonFails_WritesNothingForTriton()
    {
        using var folder = new TempFolder();

        var (exitCode, _) = SamplesProgram.Run(
            "export", Model, folder.File("a.onnx"), folder.File("none.png"), "--triton", folder.File("models"));

        Assert.AreEqual(1, exitCode);
        Assert.IsFalse(Directory.Exists(folder.File("models")));
    }

    // A translation, for one.
    [TestMethod]
    public void Export_ForTritonOverLabelsChangedByHand_LeavesThose()
    {
        using var predictor = ImagePredictor.Load(Model);
        predictor.SaveAsOnnx(Folder.File("birds.onnx"), new OnnxExport());
        var labels = Path.Combine(TritonRepository.Write(Folder.File("named"), Folder.File("birds.onnx")), "labels.txt");
        TritonRepository.Write(Folder.File("named"), Folder.File("birds.onnx"));
        var written = File.ReadAllText(labels);
        File.WriteAllText(labels, "Katze\nHund\nEule\n");

        TritonRepository.Write(Folder.File("named"), Folder.File("birds.onnx"));

        Assert.AreEqual("cat\ndog\nowl\n", written);
        Assert.AreEqual("Katze\nHund\nEule\n", File.ReadAllText(labels));
    }

    private static void Save(
        string name, IEstimator<ITransformer> features, Func<NoPropOptions, NoPropOptions>? change = null, bool hasSchema = true)
    {
        var rows = Context.Data.LoadFromEnumerable(_images);
        using var chain = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(features)
            .Append(TinyImages.Trainer(Context, change))
            .Fit(rows);
        Context.Model.Save(chain, hasSchema ? rows.Schema : null, Folder.File(name));
    }
}
