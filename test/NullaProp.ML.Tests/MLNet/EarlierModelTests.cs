using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>
/// Models of every format that is read, each with the scores that it gave when it was saved. They must load and score so for ever. With the
/// environment variable NULLAPROP_WRITE_MODELS=1, <see cref="Write_ModelsOfTheCurrentFormat_WhereAskedFor"/> writes those of the current
/// format anew: before its first release, or when its number rises.
/// </summary>
[TestClass]
public sealed class EarlierModelTests
{
    private const int Rows = 8;
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

    // Every variant, backbones that are small enough, and every part whose weights or numbers are its own.
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
    };

    private static string CurrentFolder => Path.Combine(Folder, $"format-{ModelFormat.CurrentText}");

    private static string Folder => Repository.PathOf("test", "NullaProp.ML.Tests", "MLNet", "Models");

    public static IEnumerable<object[]> Models =>
        Directory
            .EnumerateFiles(Folder, "*.zip", SearchOption.AllDirectories)
            .Order(StringComparer.Ordinal)
            .Select(path => new object[] { Path.GetRelativePath(Folder, path) });

    [TestMethod]
    [DynamicData(nameof(Models))]
    public void Load_ModelOfAnyFormat_ScoresAsItDidThen(string name)
    {
        var context = new MLContext();
        var expected = JsonSerializer.Deserialize<float[][]>(File.ReadAllText(Path.ChangeExtension(Path.Combine(Folder, name), ".json")))!;

        using var model = (IDisposable)context.Model.Load(Path.Combine(Folder, name), out _);
        var scores = Scores(context, (ITransformer)model);

        Assert.HasCount(expected.Length, scores);
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
    public void Write_ModelsOfTheCurrentFormat_WhereAskedFor()
    {
        if (Environment.GetEnvironmentVariable("NULLAPROP_WRITE_MODELS") != "1")
        {
            return;
        }

        Directory.CreateDirectory(CurrentFolder);
        foreach (var (name, options) in Current)
        {
            var context = new MLContext(seed: 1);
            var data = Data(context);
            using var model = context.Transforms.Conversion.MapValueToKey("Label")
                .Append(context.MulticlassClassification.Trainers.NoProp(options))
                .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
                .Fit(data);
            context.Model.Save(model, data.Schema, Path.Combine(CurrentFolder, $"{name}.zip"));
            File.WriteAllText(Path.Combine(CurrentFolder, $"{name}.json"), JsonSerializer.Serialize(Scores(context, model)) + "\n");
        }
    }

    private static float[][] Scores(
        MLContext context,
        ITransformer model) => [.. model.Transform(Data(context)).GetColumn<float[]>("Score")];

    private static IDataView Data(MLContext context) =>
        context.Data.LoadFromEnumerable(Enumerable.Range(0, Rows).Select(row => new Row(row)));

    private sealed class Row
    {
        public Row(int row)
        {
            Features = [.. Enumerable.Range(0, 64).Select(pixel => (byte)(((row * 31) + (pixel * 7 * (row + 1))) % 256))];
            Label = Names[row % 3];
        }

        [VectorType(1, 8, 8)]
        public byte[] Features { get; }

        public string Label { get; }
    }
}
