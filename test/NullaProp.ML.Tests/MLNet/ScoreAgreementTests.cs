using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>An image scores the same by whatever way it comes, and whoever its neighbours are.</summary>
[TestClass]
public sealed class ScoreAgreementTests
{
    private const int Rows = 300; // several batches

    private static readonly MLContext Context = new(seed: 1);
    private static List<ImageRow<string>> _rows = null!;
    private static NoPropTransformer _model = null!;
    private static float[][] _scores = null!;
    private static uint[] _classes = null!;

    public static IEnumerable<int> Neighbourhoods => [1, 2, 7, 64, 255, 256, 257];

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));
        _rows = TinyImages.Rows(Rows, 3, index => TinyImages.Names[index], seed: 2);
        var scored = _model.Transform(Context.Data.LoadFromEnumerable(_rows));
        _scores = [.. scored.GetColumn<float[]>("Score")];
        _classes = [.. scored.GetColumn<uint>("PredictedLabel")];
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void Predict_EveryRow_AgreesWithTransform()
    {
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
            _model,
            new PredictionEngineOptions { OwnsTransformer = false });

        for (var row = 0; row < Rows; row++)
        {
            var prediction = engine.Predict(new UnlabelledRow { Features = _rows[row].Features });

            AssertNear(_scores[row], prediction.Score, 1e-6f, row);
            Assert.AreEqual(_classes[row], prediction.PredictedLabel, $"row {row}");
        }
    }

    // Their read-out multiplies what rounding leaves of a label, the more the lower the noise at its end.
    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(512)]
    public void Predict_LearnedEmbeddings_AgreesWithTransform(int dimension)
    {
        using var model = TinyImages.Trainer(Context, options => options with
        {
            Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = dimension, Initialization = EmbeddingInitialization.SmallNormal },
            Sampling = new() { Solver = OdeSolver.Multistep, SolverSteps = 4, ScoreReadout = ScoreReadout.LastState },
        }).Fit(TinyImages.Keys(Context));
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
            model,
            new PredictionEngineOptions { OwnsTransformer = false });
        float[][] scores = [.. model.Transform(Context.Data.LoadFromEnumerable(_rows)).GetColumn<float[]>("Score")];

        for (var row = 0; row < Rows; row++)
        {
            AssertNear(scores[row], engine.Predict(new UnlabelledRow { Features = _rows[row].Features }).Score, 4e-6f, row);
        }
    }

    // One image in batches of other sizes and other neighbours: kernels may differ in the last bits, no more.
    [TestMethod]
    [DynamicData(nameof(Neighbourhoods))]
    public void Transform_OtherNeighbours_ChangeNoScore(int count)
    {
        var part = _rows.Skip(Rows - count).Reverse().ToList();

        var scores = _model.Transform(Context.Data.LoadFromEnumerable(part)).GetColumn<float[]>("Score").Reverse().ToArray();

        for (var row = 0; row < count; row++)
        {
            AssertNear(_scores[Rows - count + row], scores[row], 1e-6f, row);
        }
    }

    [TestMethod]
    public void Score_EveryRow_IsADistributionWhoseLargestIsThePrediction()
    {
        for (var row = 0; row < Rows; row++)
        {
            Assert.AreEqual(1, _scores[row].Sum(value => (double)value), 1e-6, $"row {row}");
            Assert.IsTrue(_scores[row].All(value => value is >= 0 and <= 1), $"row {row}");
            Assert.AreEqual(Array.IndexOf(_scores[row], _scores[row].Max()) + 1u, _classes[row], $"row {row}");
        }
    }

    [TestMethod]
    public void Score_SeparableClasses_AreLearned()
    {
        var correct = _rows.Where((row, index) => row.Label == TinyImages.Names[(int)_classes[index] - 1]).Count();

        Assert.IsGreaterThanOrEqualTo(0.9 * Rows, correct);
    }

    [TestMethod]
    public void Transform_RandomDraws_AreThoseStoredWithTheModel()
    {
        using var drawing = _model.WithSampling(options => options with { Draws = 3, ScoreReadout = ScoreReadout.LastPrediction });
        var data = Context.Data.LoadFromEnumerable(_rows);

        var (first, second) = (Cells.Column(drawing.Transform(data), "Score"), Cells.Column(drawing.Transform(data), "Score"));

        for (var row = 0; row < Rows; row++)
        {
            Cells.AssertSame(first[row], second[row], 0, $"row {row}");
        }
    }

    [TestMethod]
    public void Predict_ImageTwiceWithAnotherBetween_GivesTheSameScore()
    {
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
            _model,
            new PredictionEngineOptions { OwnsTransformer = false });
        var (one, other) = (new UnlabelledRow { Features = _rows[0].Features }, new UnlabelledRow { Features = _rows[1].Features });

        var (first, between, second) = (engine.Predict(one), engine.Predict(other), engine.Predict(one));

        CollectionAssert.AreEqual(first.Score, second.Score);
        CollectionAssert.AreNotEqual(first.Score, between.Score);
    }

    // A source that is in another order whenever it is read.
    [TestMethod]
    public void Transform_ShuffledSource_KeepsScoresWithTheirRows()
    {
        var shuffled = Context.Data.ShuffleRows(Context.Data.LoadFromEnumerable(_rows));
        var expected = _rows
            .Select((row, index) => (Key: string.Join(' ', row.Features), Score: _scores[index]))
            .ToDictionary(row => row.Key, row => row.Score);

        var rows = Context.Data.CreateEnumerable<ScoredImage>(_model.Transform(shuffled), reuseRowObject: false).ToList();

        Assert.IsFalse(rows.Select(row => row.Features[0]).SequenceEqual(_rows.Select(row => row.Features[0])), "nothing was shuffled");
        for (var row = 0; row < Rows; row++)
        {
            AssertNear(expected[string.Join(' ', rows[row].Features)], rows[row].Score, 1e-6f, row);
        }
    }

    private static void AssertNear(float[] expected, float[] actual, float delta, int row)
    {
        Assert.HasCount(expected.Length, actual);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], actual[i], delta, $"row {row}, class {i}");
        }
    }

    private sealed class ScoredImage
    {
        public float[] Features { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
