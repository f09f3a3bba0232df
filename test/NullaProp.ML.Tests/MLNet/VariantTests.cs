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
        from variant in Enum.GetValues<NoPropVariant>()
        from embedding in Enum.GetValues<EmbeddingKind>()
        select new object[] { variant, embedding };

    [TestMethod]
    [DynamicData(nameof(Variants))]
    public void Fit_AnyVariant_LearnsAndScoresTheSameByRowAndAfterReloading(NoPropVariant variant, EmbeddingKind embedding)
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages.Trainer(Context, options => options with
        {
            Variant = variant,
            BlockCount = 2,
            Embedding = embedding,
            EmbeddingDimension = 8,
            Epochs = 12,
        }).Fit(data);
        var scored = model.Transform(data);
        var scores = scored.GetColumn<float[]>("Score").ToArray();

        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, model, data.Schema);
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(model, new PredictionEngineOptions { OwnsTransformer = false });

        Assert.IsGreaterThan(0.9, Context.MulticlassClassification.Evaluate(scored).MicroAccuracy); // three classes that a pixel tells apart
        var (again, rows) = (loaded.Transform(data).GetColumn<float[]>("Score").ToArray(), TinyImages.Rows(48, 3, index => TinyImages.Names[index]));
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
    [DataRow(NoPropVariant.DiscreteTime)]
    [DataRow(NoPropVariant.FlowMatching)]
    public void Diagnose_AnyVariant_GivesShares(NoPropVariant variant)
    {
        var data = TinyImages.Keys(Context);
        using var model = TinyImages.Trainer(Context, options => options with { Variant = variant, BlockCount = 2, Epochs = 12 }).Fit(data);

        var figures = model.Diagnose(data);

        Assert.AreEqual(48, figures.Rows);
        Assert.IsGreaterThan(0.5, figures.SingleEvaluationMicroAccuracy);
        Assert.IsGreaterThan(0.5, figures.NoiseZMicroAccuracy);
        Assert.AreEqual(1, figures.EmbeddingNorm, 1e-6);
    }
}
