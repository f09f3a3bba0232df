using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>One image alone is scored by other code than a batch; both must agree for every size of image and every way to score.</summary>
[TestClass]
public sealed class RowPathTests
{
    private const int Rows = 10;

    private static readonly MLContext Context = new(seed: 1);

    public static IEnumerable<object[]> Sizes =>
    [
        [new ImageShape(1, 8, 8), 2],
        [new ImageShape(1, 28, 28), 10],
        [new ImageShape(3, 9, 13), 3],
        [new ImageShape(2, 11, 8), 17],
        [new ImageShape(4, 16, 33), 5],
    ];

    public static IEnumerable<object[]> Ways =>
    [
        ["reference's", NoPropOptions.JaxReference],
        ["Euler", new NoPropOptions { Sampling = new() { Solver = OdeSolver.Euler, SolverSteps = 3 } }],
        ["exponential Euler", new NoPropOptions { Sampling = new() { Solver = OdeSolver.ExponentialEuler, SolverSteps = 3 } }],
        ["last prediction", new NoPropOptions { Sampling = new() { ScoreReadout = ScoreReadout.LastPrediction } }],
        ["first prediction", new NoPropOptions { Sampling = new() { ScoreReadout = ScoreReadout.FirstPrediction } }],
        ["draws", new NoPropOptions { Sampling = new() { Draws = 3 } }],
        [
            "learned embedding with draws",
            new NoPropOptions { Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 6 }, Sampling = new() { Draws = 2 } },
        ],
        ["unit norm", new NoPropOptions { Embedding = new() { Kind = EmbeddingKind.LearnedUnitNorm, Dimension = 6 } }],
        [
            "embedding of features",
            new NoPropOptions
            {
                Embedding = new() { Kind = EmbeddingKind.LearnedUnitNorm, Initialization = EmbeddingInitialization.FeatureMedoidBySum },
            },
        ],
        [
            "embedding of pixels",
            new NoPropOptions
            {
                Embedding = new() { Kind = EmbeddingKind.Learned, Initialization = EmbeddingInitialization.PixelMedoid },
                Sampling = new() { Draws = 2 },
            },
        ],
        ["simplified flow", new NoPropOptions { Sampling = new() { Dynamics = FlowDynamics.SimplifiedFlow } }],
        ["plain classifier", new NoPropOptions { Variant = new CrossEntropyBaseline() }],
    ];

    [TestMethod]
    [DynamicData(nameof(Sizes))]
    public void Transform_RowAlone_AgreesWithTheBatchForEverySize(ImageShape shape, int classes) =>
        AssertAgreement(TinyImages.Options, shape, classes);

    [TestMethod]
    [DynamicData(nameof(Ways))]
    public void Transform_RowAlone_AgreesWithTheBatchForEveryWayToScore(string name, NoPropOptions options) =>
        AssertAgreement(
            options with { Epochs = 1, BatchSize = 8, HiddenSize = 24, Seed = 1, LearningRate = 0.01 },
            new ImageShape(1, 8, 8),
            3,
            name);

    private static void AssertAgreement(NoPropOptions options, ImageShape shape, int classes, string name = "")
    {
        var rows = Draw(shape, classes);
        var data = Load(rows, shape, classes);
        using var model = Context.MulticlassClassification.Trainers.NoProp(options).Fit(data);

        var batch = model.Transform(data).GetColumn<float[]>("Score").ToArray();

        Assert.IsFalse(batch[0].SequenceEqual(batch[1]), "all images score the same: nothing was tested");
        for (var row = 0; row < rows.Count; row++)
        {
            var alone = model.Transform(Load([rows[row]], shape, classes)).GetColumn<float[]>("Score").Single();
            Cells.AssertSame([.. batch[row].Cast<object>()], [.. alone.Cast<object>()], 1e-5f, $"{name} {shape}, row {row}");
        }
    }

    private static List<FlatRow> Draw(ImageShape shape, int classes)
    {
        var random = new Random(4);
        return [.. Enumerable.Range(0, Math.Max(Rows, classes)).Select(row => new FlatRow
        {
            Features = [.. Enumerable.Range(0, shape.Size).Select(_ => (float)random.Next(256))],
            Label = (uint)(row % classes),
        })];
    }

    private static IDataView Load(List<FlatRow> rows, ImageShape shape, int classes)
    {
        var schema = SchemaDefinition.Create(typeof(FlatRow));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, shape.Channels, shape.Height, shape.Width);
        schema["Label"].ColumnType = new KeyDataViewType(typeof(uint), classes);
        return Context.Data.LoadFromEnumerable(rows, schema);
    }

    private sealed class FlatRow
    {
        public float[] Features { get; set; } = [];

        public uint Label { get; set; }
    }
}
