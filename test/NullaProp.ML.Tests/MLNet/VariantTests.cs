using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Every variant learns, saves, loads, and scores in batches and by row alike.</summary>
[TestClass]
public sealed class VariantTests
{
    private static readonly MLContext Context = new(seed: 1);

    public static IEnumerable<object[]> Variants =>
        from variant in Enum.GetValues<VariantKind>()
        from embedding in Enum.GetValues<EmbeddingKind>()
        select new object[] { variant, embedding };

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Fit_AnyVariant_LearnsAndScoresTheSameByRowAndAfterReloading(VariantKind variant, EmbeddingKind embedding)
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages.Trainer(Context, options => options with
        {
            Epochs = 12,
            Variant = variant.Create(new DiscreteTime { BlockCount = 2 }),
            Embedding = new() { Kind = embedding, Dimension = embedding == EmbeddingKind.OneHot ? null : 8 },
            Sampling = variant is VariantKind.ContinuousTime or VariantKind.FlowMatching ? options.Sampling : new(),
        }).Fit(data);
        var scored = model.Transform(data);
        var scores = scored.GetColumn<float[]>("Score").ToArray();

        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, model, data.Schema);
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
            model,
            new PredictionEngineOptions { OwnsTransformer = false });

        // three classes that a pixel tells apart
        Assert.IsGreaterThan(0.9, Context.MulticlassClassification.Evaluate(scored).MicroAccuracy);
        var (again, rows) =
            (loaded.Transform(data).GetColumn<float[]>("Score").ToArray(), TinyImages.Rows(48, 3, index => TinyImages.Names[index]));
        for (var row = 0; row < scores.Length; row++)
        {
            CollectionAssert.AreEqual(scores[row], again[row], $"row {row}");
            var single = engine.Predict(new UnlabelledRow { Features = rows[row].Features }).Score;
            for (var k = 0; k < 3; k++)
            {
                Assert.AreEqual(scores[row][k], single[k], 1e-5, $"row {row}, class {k}");
            }
        }
    }

    [TestMethod]
    [DataRow(NoiseScheduleKind.LinearLogSnr, TimeSampling.UniformInTime)]
    [DataRow(NoiseScheduleKind.LinearLogSnr, TimeSampling.UniformInLogSnr)]
    [DataRow(NoiseScheduleKind.Cosine, TimeSampling.UniformInTime)]
    [DataRow(NoiseScheduleKind.Cosine, TimeSampling.UniformInLogSnr)]
    public void Fit_FixedSchedule_LearnsWithEitherSamplingOfTimes(NoiseScheduleKind schedule, TimeSampling sampling)
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages
            .Trainer(
                Context,
                options => options with
                {
                    Epochs = 12,
                    Variant = ((ContinuousTime)options.Variant) with { NoiseSchedule = schedule, TimeSampling = sampling },
                })
            .Fit(data);

        Assert.IsGreaterThan(0.9, Context.MulticlassClassification.Evaluate(model.Transform(data)).MicroAccuracy);
    }

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void With_AdaptiveSolver_ScoresAsFineStepsDo(VariantKind variant)
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages.Trainer(Context, options => options with { Epochs = 12, Variant = variant.Create() }).Fit(data);
        using var adaptive =
            model.WithSampling(
                options => options with
                {
                    Solver = OdeSolver.Adaptive,
                    SolverSteps = 64,
                    SolverTolerance = 0.01,
                    ScoreReadout = ScoreReadout.LastPrediction,
                });
        using var fine =
            model.WithSampling(
                options => options with { Solver = OdeSolver.Heun, SolverSteps = 500, ScoreReadout = ScoreReadout.LastPrediction });

        var (found, expected) = (Scores(adaptive), Scores(fine));

        for (var row = 0; row < expected.Length; row++)
        {
            for (var k = 0; k < 3; k++)
            {
                Assert.AreEqual(expected[row][k], found[row][k], 0.02, $"row {row}, class {k}"); // twice the tolerance of a step
            }
        }

        float[][] Scores(NoPropTransformer scorer) => [.. scorer.Transform(data).GetColumn<float[]>("Score")];
    }

    [TestMethod]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void Diagnose_AnyVariant_GivesShares(VariantKind variant)
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages
            .Trainer(Context, options => options with { Epochs = 12, Variant = variant.Create(new DiscreteTime { BlockCount = 2 }) })
            .Fit(data);

        var figures = model.Diagnose(data);

        Assert.AreEqual(48, figures.Rows);
        Assert.IsGreaterThan(0.5, figures.SingleEvaluationMicroAccuracy);
        Assert.IsGreaterThan(0.5, figures.NoiseZMicroAccuracy);
        Assert.AreEqual(1, figures.EmbeddingNorm, 1e-6);
    }
}
