using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;
using TorchSharp;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>The optional columns by which to reject images: entropy of the score, and disagreement of the draws.</summary>
[TestClass]
public sealed class RejectionColumnTests
{
    private const int Draws = 8;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly PredictionEngineOptions Borrows = new() { OwnsTransformer = false };
    private static IDataView _data = null!;
    private static NoPropTransformer _plain = null!;
    private static NoPropTransformer _model = null!;
    private static IDataView _scored = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);

        _plain = TinyImages
            .Trainer(
                Context,
                options => options with
                {
                    Epochs = 1,
                    LearningRate = 1e-4,
                    Embedding = options.Embedding with { Kind = EmbeddingKind.LearnedUnitNorm },
                    Sampling = options.Sampling with { Draws = Draws, ScoreReadout = ScoreReadout.LastState }, // which follows the draw
                })
            .Fit(_data);
        _model = _plain.WithSampling(options => options with { EntropyColumnName = "Entropy", DisagreementColumnName = "Disagreement" });
        _scored = _model.Transform(_data);
    }

    [ClassCleanup]
    public static void Free()
    {
        _model.Dispose();
        _plain.Dispose();
    }

    [TestMethod]
    [DataRow(null, null)]
    [DataRow("H", null)]
    [DataRow(null, "D")]
    [DataRow("H", "D")]
    public void GetOutputSchema_OptionalNames_AppendsExactlyThese(string? entropy, string? disagreement)
    {
        using var model =
            _plain.WithSampling(options => options with { EntropyColumnName = entropy, DisagreementColumnName = disagreement });

        var schema = model.GetOutputSchema(_data.Schema);

        string[] optional = [.. new[] { entropy, disagreement }.OfType<string>()];
        CollectionAssert.AreEqual(
            (string[])["PredictedLabel", "Score", .. optional],
            schema.Skip(_data.Schema.Count).Select(column => column.Name).ToArray());
        foreach (var name in optional)
        {
            Assert.AreEqual(NumberDataViewType.Single, schema[name].Type);
        }
    }

    [TestMethod]
    [DataRow("Entropy")]
    [DataRow("Disagreement")]
    public void OptionalColumn_Annotations_PlaceItInTheScoreSet(string name)
    {
        var column = _scored.Schema[name];

        CollectionAssert.AreEqual(
            (string[])["ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind"],
            column.Annotations.Schema.Select(kind => kind.Name).Order().ToArray());
        CollectionAssert.AreEqual((object[])["MulticlassClassification"], Cells.Annotation(column, "ScoreColumnKind"));
        CollectionAssert.AreEqual((object[])[1u], Cells.Annotation(column, "ScoreColumnSetId"));
        CollectionAssert.AreEqual((object[])[name], Cells.Annotation(column, "ScoreValueKind"));
    }

    [TestMethod]
    public void WithSampling_OptionalNames_LeavesTheScoresAsTheyWere()
    {
        var (with, without) =
            (_scored.GetColumn<float[]>("Score").ToArray(), _plain.Transform(_data).GetColumn<float[]>("Score").ToArray());

        for (var row = 0; row < with.Length; row++)
        {
            CollectionAssert.AreEqual(without[row], with[row], $"row {row}");
        }
    }

    [TestMethod]
    public void Entropy_EveryRow_IsThatOfTheScore()
    {
        var rows = Context.Data.CreateEnumerable<Row>(_scored, reuseRowObject: false, ignoreMissingColumns: true).ToList();

        foreach (var row in rows)
        {
            Assert.AreEqual(-row.Score.Sum(p => p * Math.Log(p)), row.Entropy, 1e-6); // one is rounded to single precision
        }
    }

    [TestMethod]
    public void Disagreement_EveryRow_IsAWholeNumberOfDraws()
    {
        var disagreements = _scored.GetColumn<float>("Disagreement").ToArray();

        Assert.IsTrue(disagreements.All(value => value is >= 0 and <= 1 && value * Draws % 1 == 0));
        Assert.IsTrue(disagreements.Any(value => value > 0), "draws of a model that knows next to nothing disagree");
    }

    [TestMethod]
    public void Predict_EveryRow_AgreesWithTransform()
    {
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Row>(_model, Borrows);
        var rows = Context.Data.CreateEnumerable<ImageRow>(_scored, reuseRowObject: false, ignoreMissingColumns: true).ToList();

        foreach (var row in rows)
        {
            var prediction = engine.Predict(new UnlabelledRow { Features = row.Features });

            Assert.AreEqual(row.Entropy, prediction.Entropy, 1e-5); // row path and batch path agree to 1e-5
            Assert.AreEqual(row.Disagreement, prediction.Disagreement);
        }
    }

    [TestMethod]
    public void GetRowCursor_OneOptionalColumn_ReadsItAlone()
    {
        foreach (var name in new[] { "Entropy", "Disagreement" })
        {
            var column = _scored.Schema[name];
            using var cursor = _scored.GetRowCursor([column]);

            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(_scored.GetColumn<float>(name).First(), Cells.Reader(cursor, column)()[0]);
            Assert.IsFalse(cursor.IsColumnActive(_scored.Schema["Score"]));
        }
    }

    [TestMethod]
    [DataRow("Entropy")]
    [DataRow("Disagreement")]
    public void GetDependencies_OptionalColumn_NeedsTheFeaturesAlone(string name)
    {
        var mapper = _model.GetRowToRowMapper(_data.Schema);

        var needed = mapper.GetDependencies([mapper.OutputSchema[name]]);

        CollectionAssert.AreEqual((string[])["Features"], needed.Select(column => column.Name).ToArray());
    }

    [TestMethod]
    public void Load_SavedModel_KeepsTheColumns()
    {
        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, _model, _data.Schema);

        SameData.AssertSchemas(_scored.Schema, loaded.GetOutputSchema(_data.Schema));
        SameData.AssertValues(_scored, loaded.Transform(_data));
    }

    [TestMethod]
    public void WithSampling_TooFewDrawsForDisagreement_TellsIt()
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => _model.WithSampling(options => options with { Draws = 1 }));

        Assert.Contains(
            "DisagreementColumnName is 'Disagreement', but Draws is 1 and it takes two draws to disagree: set Draws to 2 or more.",
            fault.Message);
    }

    [TestMethod]
    public void Evaluate_OptionalColumnsOn_ReadsTheScoreAsBefore()
    {
        var (with, without) =
            (Context.MulticlassClassification.Evaluate(_scored), Context.MulticlassClassification.Evaluate(_plain.Transform(_data)));

        Assert.AreEqual(without.LogLoss, with.LogLoss);
        Assert.AreEqual(without.MicroAccuracy, with.MicroAccuracy);
    }

    [TestMethod]
    public void Transform_EveryColumnRead_LeavesNoTensorAlive()
    {
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        var rows = Context.Data.CreateEnumerable<Row>(_scored, reuseRowObject: false, ignoreMissingColumns: true).Count();

        Assert.AreEqual(48, rows);
        Assert.AreEqual(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private class Row
    {
        public float[] Score { get; set; } = [];

        public float Entropy { get; set; }

        public float Disagreement { get; set; }
    }

    private sealed class ImageRow : Row
    {
        public float[] Features { get; set; } = [];
    }
}
