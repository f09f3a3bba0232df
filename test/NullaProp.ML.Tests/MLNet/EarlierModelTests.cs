using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Support;
using SkiaSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// Models of every format that is read, each with the scores that it gave when it was saved. They must load and score so for ever. With the
/// environment variable NULLAPROP_WRITE_MODELS, <see cref="WriteWhereAskedFor"/> writes those of the current format anew, all or those
/// whose names start with it: before its first release, or when its number rises.
/// </summary>
[TestClass]
public sealed class EarlierModelTests
{
    private const int Rows = 8;
    private const string CustomName = "custom backbone of models that are kept";
    private static readonly string[] Names = ["cat", "dog", "owl"];

    private static readonly NoPropOptions Small = new()
    {
        Epochs = 2,
        BatchSize = 4,
        HiddenSize = 8,
        Backbone = NoPropBackbone.Mlp,
        Seed = 1,
    };

    private static readonly Embedding Learned = new() { Kind = EmbeddingKind.Learned, Dimension = 5 };
    private static readonly ImageShape Grey = new(1, 8, 8);
    private static readonly ImageShape Colour = new(3, 8, 8);
    private static readonly ImageShape Photo = new(3, 224, 224);

    // Every variant and backbone, and every part whose weights or numbers are its own.
    private static readonly Dictionary<string, NoPropOptions> Current = new()
    {
        ["continuous-time"] = Small,
        ["continuous-time-conv"] = Small with { Backbone = NoPropBackbone.SmallConv },
        ["continuous-time-learned"] = Small with
        {
            Variant = new ContinuousTime
            {
                ReadoutLoss = ReadoutLoss.Linear,
                NoiseSchedule = NoiseScheduleKind.LearnedJointly,
                LossWeighting = LossWeighting.SnrDerivative,
            },
            Embedding = Learned,
        },
        ["continuous-time-ancestral"] = Small with
        {
            Sampling = new()
            {
                Dynamics = FlowDynamics.Ancestral,
                Solver = OdeSolver.ExponentialEuler,
                Draws = 3,
                DisagreementColumnName = "Disagreement",
            },
        },
        ["continuous-time-adaptive"] = Small with
        {
            Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.Cosine },
            Sampling = new() { Solver = OdeSolver.Adaptive, SolverSteps = 16, EarlyExit = EarlyExit.WhenClassIsDecided },
        },
        ["discrete-time"] = Small with { Variant = new DiscreteTime { BlockCount = 3 } },
        ["discrete-time-learned"] = Small with
        {
            Variant = new DiscreteTime { BlockCount = 3, BlockMaxLogSnr = null },
            Embedding = Learned with { Kind = EmbeddingKind.LearnedUnitNorm },
        },
        ["flow-matching"] = Small with { Variant = new FlowMatching(), Sampling = new() { Draws = 2 } },
        ["flow-matching-raw"] = Small with { Variant = new FlowMatching { VelocityForm = VelocityForm.Raw }, Embedding = Learned },
        ["baseline"] = Small with { Variant = new CrossEntropyBaseline() },
        ["backbone-paper-conv"] = Small with { Backbone = NoPropBackbone.PaperConv },
        ["backbone-resnet-18"] = Small with { Backbone = NoPropBackbone.ResNet18 },
        ["backbone-resnet-50"] = Small with { Backbone = NoPropBackbone.ResNet50 },
        ["backbone-resnet-152"] = Small with { Backbone = NoPropBackbone.ResNet152 },
        ["backbone-pretrained-resnet-18"] = Small with { Backbone = NoPropBackbone.PretrainedResNet18 },
        ["backbone-custom"] = Small with { Backbone = NoPropBackbone.Custom, BackboneName = CustomName },
        ["image-files"] = Small with { FeatureColumnName = "Image", Backbone = NoPropBackbone.SmallConv },
    };

    private static string CurrentFolder => Path.Combine(Folder, $"format-{ModelFormat.CurrentText}");

    private static string Folder => Repository.PathOf("test", "NullaProp.ML.Tests", "MLNet", "Models");

    public static IEnumerable<object[]> Models =>
        Directory
            .EnumerateFiles(Folder, "*.zip", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => new object[] { Path.GetRelativePath(Folder, path) });

    [ClassInitialize]
    public static void RegisterCustomAndWrite(TestContext context)
    {
        NoPropBackbones.Register(
            CustomName,
            shape => nn.Sequential(nn.Flatten(), nn.Linear(shape.Channels * shape.Height * shape.Width, 5), nn.Tanh()));
        WriteWhereAskedFor();
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Load_ModelOfAnyFormat_ScoresAsItDidThen(string name)
    {
        using var folder = new TempFolder();
        var context = new MLContext();
        var expected = JsonSerializer.Deserialize<float[][]>(File.ReadAllText(Path.ChangeExtension(Path.Combine(Folder, name), ".json")))!;

        using var model = (IDisposable)context.Model.Load(Path.Combine(Folder, name), out var schema);
        var scores = Scores((ITransformer)model, Data(context, schema, folder));

        Assert.HasCount(expected.Length, scores);
        Assert.IsGreaterThan(1e-4f, expected.Max(score => score[0]) - expected.Min(score => score[0])); // scores hear of their rows
        for (var row = 0; row < Rows; row++)
        {
            for (var k = 0; k < expected[row].Length; k++)
            {
                Assert.AreEqual(expected[row][k], scores[row][k], 1e-5f); // another processor may round otherwise
            }
        }
    }

    [TestMethod]
    public void Models_OfTheCurrentFormat_AreThereForEveryKind() => CollectionAssert.AreEquivalent(
        Current.Keys.Order().ToArray(),
        Directory.EnumerateFiles(CurrentFolder, "*.zip").Select(Path.GetFileNameWithoutExtension).Order().ToArray());

    [TestMethod]
    public void Models_OfTheCurrentFormat_HaveEveryBackbone() => CollectionAssert.AreEquivalent(
        Enum.GetValues<NoPropBackbone>(),
        Current.Values.Select(options => options.Backbone).Distinct().ToArray());

    private static void WriteWhereAskedFor()
    {
        if (Environment.GetEnvironmentVariable("NULLAPROP_WRITE_MODELS") is not { Length: > 0 } asked)
        {
            return;
        }

        Directory.CreateDirectory(CurrentFolder);
        foreach (var (name, options) in Current.Where(pair => pair.Key.StartsWith(asked, StringComparison.Ordinal) || asked == "all"))
        {
            Write(Path.Combine(CurrentFolder, $"{name}.zip"), options);
        }
    }

    private static void Write(string path, NoPropOptions options)
    {
        using var folder = new TempFolder();
        var context = new MLContext(seed: 1);
        var data = options.FeatureColumnName == "Image"
            ? Files(context, folder)
            : Vectors(context, options.Backbone switch
            {
                NoPropBackbone.PretrainedResNet18 => Photo,
                NoPropBackbone.Mlp or NoPropBackbone.SmallConv => Grey,
                _ => Colour,
            });
        IEstimator<ITransformer> pipeline = context.Transforms.Conversion.MapValueToKey("Label")
            .Append(context.MulticlassClassification.Trainers.NoProp(options))
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        if (options.FeatureColumnName == "Image")
        {
            pipeline = context.Transforms.LoadImageFiles("Image", 9, 8).Append(pipeline);
        }

        using var trained = (IDisposable)pipeline.Fit(data);
        using var saved = new MemoryStream();
        context.Model.Save((ITransformer)trained, data.Schema, saved);
        File.WriteAllBytes(path, RepeatedWeights.In(saved.ToArray()));

        using var model = (IDisposable)context.Model.Load(path, out _);
        File.WriteAllText(Path.ChangeExtension(path, ".json"), JsonSerializer.Serialize(Scores((ITransformer)model, data)) + "\n");
    }

    private static float[][] Scores(ITransformer model, IDataView data) => [.. model.Transform(data).GetColumn<float[]>("Score")];

    private static IDataView Data(MLContext context, DataViewSchema schema, TempFolder folder) =>
        schema.GetColumnOrNull("Features")?.Type is VectorDataViewType { Dimensions: [var channels, var height, var width] }
            ? Vectors(context, new ImageShape(channels, height, width))
            : Files(context, folder);

    private static IDataView Vectors(MLContext context, ImageShape shape)
    {
        var definition = SchemaDefinition.Create(typeof(Row));
        definition[nameof(Row.Features)].ColumnType =
            new VectorDataViewType(NumberDataViewType.Byte, shape.Channels, shape.Height, shape.Width);
        return context.Data.LoadFromEnumerable(
            Enumerable.Range(0, Rows).Select(row => new Row
            {
                Features = Values(row, shape.Channels * shape.Height * shape.Width),
                Label = Names[row % 3],
            }),
            definition);
    }

    // Images without loss, as large as they are read.
    private static IDataView Files(MLContext context, TempFolder folder) => context.Data.LoadFromEnumerable(
        Enumerable.Range(0, Rows).Select(row => new ImageRow
        {
            ImagePath = Picture(folder.File($"{row}.png"), Values(row, 3 * 8 * 9)),
            Label = Names[row % 3],
        }));

    private static string Picture(string path, byte[] values)
    {
        using var bitmap = new SKBitmap(9, 8);
        for (var i = 0; i < 8 * 9; i++)
        {
            bitmap.SetPixel(i % 9, i / 9, new SKColor(values[3 * i], values[(3 * i) + 1], values[(3 * i) + 2]));
        }

        using var file = File.Create(path);
        Assert.IsTrue(bitmap.Encode(file, SKEncodedImageFormat.Png, quality: 100));
        return path;
    }

    private static byte[] Values(int row, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (byte)(((row * 31) + (i * 7 * (row + 1))) % 256))];

    private sealed class Row
    {
        public byte[] Features { get; init; } = [];

        public string Label { get; init; } = string.Empty;
    }
}
