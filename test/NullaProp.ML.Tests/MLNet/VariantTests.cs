using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

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

    // A network that reads the sign of z alone: what it says of the start, and of the noise of the last evaluation, is counted by hand.
    // Continuous time evaluates once more than it has steps, at the end of the way.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, 3)]
    [DataRow(VariantKind.DiscreteTime, 2)]
    [DataRow(VariantKind.FlowMatching, 2)]
    public void Diagnose_ClassDependsOnTheNoisyLabel_CountsTheFirstEvaluationAndThatFromNoise(VariantKind variant, int evaluations)
    {
        int[] labels = [.. Enumerable.Range(0, 60).Select(row => row % 6 < 3 ? 0 : row % 6 < 5 ? 1 : 2)]; // 30, 20 and 10 of a class
        var data = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(
            TinyImages
                .Pixels(labels.Length, 3)
                .Zip(labels, (image, label) => new ImageRow<string> { Features = image.Pixels, Label = TinyImages.Names[label] })
                .ToList()));
        using var model = TinyImages
            .Trainer(Context, options => options with
            {
                Epochs = 1,
                Variant = variant.Create(new DiscreteTime { BlockCount = 2 }),
                Sampling = variant == VariantKind.DiscreteTime
                    ? new() { Draws = 1, ScoreReadout = ScoreReadout.LastPrediction }
                    : new() { Draws = 1, ScoreReadout = ScoreReadout.LastPrediction, Solver = OdeSolver.Euler, SolverSteps = 2 },
            })
            .Fit(data);
        TinyModel.ReadSignOfLabel(model.Scorer.Model.Network);

        var figures = model.Diagnose(data);

        var start = model.Scorer.Model.Starts.Row(0)[0] > 0 ? 1 : 0;
        Assert.AreEqual(60, figures.Rows);
        Assert.AreEqual(labels.Count(label => label == start) / 60.0, figures.SingleEvaluationMicroAccuracy, 1e-12);
        Assert.AreEqual(ShareOfLastNoise(model, labels, evaluations), figures.NoiseZMicroAccuracy, 1e-12);
        Assert.AreEqual(1, figures.EmbeddingNorm, 1e-6);
    }

    // Each evaluation takes three numbers a row from the stream of the diagnosis.
    private static double ShareOfLastNoise(NoPropTransformer model, int[] labels, int evaluations)
    {
        using var scope = NewDisposeScope();
        var stream = new RandomStreams(model.Scorer.Model.Seed).Of("diagnosis/noise");
        float[] noise = [];
        for (var evaluation = 0; evaluation < evaluations; evaluation++)
        {
            noise = stream.Normal([labels.Length, 3], ScalarType.Float32).data<float>().ToArray();
        }

        return labels.Where((label, row) => label == (noise[3 * row] > 0 ? 1 : 0)).Count() / (double)labels.Length;
    }
}
