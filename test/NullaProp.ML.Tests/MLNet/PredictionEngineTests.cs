using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Serving single images: without a label, by several engines, over one model.</summary>
[TestClass]
public sealed class PredictionEngineTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly PredictionEngineOptions Borrows = new() { OwnsTransformer = false };
    private static List<ImageRow<string>> _rows = null!;
    private static TransformerChain<Microsoft.ML.Transforms.KeyToValueMappingTransformer> _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _rows = TinyImages.Rows(24, 3, index => TinyImages.Names[index]);
        _model = TinyImages.Trainer(Context, options => options with { Epochs = 6 })
            .Append(Context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(TinyImages.Keys(Context));
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void Predict_InputClassWithoutALabel_GivesNameAndProbabilities()
    {
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, NamedPrediction>(_model, Borrows);

        foreach (var row in _rows)
        {
            var prediction = engine.Predict(new UnlabelledRow { Features = row.Features });

            Assert.AreEqual(row.Label, prediction.PredictedLabel);
            Assert.AreEqual(1, prediction.Score.Sum(value => (double)value), 1e-6);
        }
    }

    [TestMethod]
    public void OutputSchema_Engine_HoldsTheClassNames()
    {
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, NamedPrediction>(_model, Borrows);

        CollectionAssert.AreEqual(TinyImages.Names.Take(3).ToArray(), Cells.Annotation(engine.OutputSchema["Score"], "SlotNames"));
    }

    [TestMethod]
    public void Predict_TwoEnginesInTurns_DoNotDisturbEachOther()
    {
        using var one = Context.Model.CreatePredictionEngine<UnlabelledRow, NamedPrediction>(_model, Borrows);
        using var other = Context.Model.CreatePredictionEngine<UnlabelledRow, NamedPrediction>(_model, Borrows);

        var first = one.Predict(new UnlabelledRow { Features = _rows[0].Features });
        var second = other.Predict(new UnlabelledRow { Features = _rows[1].Features });
        var third = one.Predict(new UnlabelledRow { Features = _rows[1].Features });

        CollectionAssert.AreNotEqual(first.Score, second.Score);
        CollectionAssert.AreEqual(second.Score, third.Score);
    }

    [TestMethod]
    public void Predict_EnginesOnFourThreads_AllAgree()
    {
        var scores = new float[4][][];

        Parallel.For(0, scores.Length, new ParallelOptions { MaxDegreeOfParallelism = scores.Length }, i =>
        {
            using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, NamedPrediction>(_model, Borrows);
            scores[i] = [.. _rows.Select(row => engine.Predict(new UnlabelledRow { Features = row.Features }).Score)];
        });

        foreach (var (row, index) in scores.SelectMany(thread => thread.Select((row, index) => (row, index))))
        {
            CollectionAssert.AreEqual(scores[0][index], row, $"row {index}");
        }
    }
}
