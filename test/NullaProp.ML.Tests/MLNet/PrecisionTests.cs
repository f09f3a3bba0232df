using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training in bfloat16, which any hardware can do, if slowly.</summary>
[TestClass]
public sealed class PrecisionTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    [DataRow(VariantKind.CrossEntropyBaseline)]
    public void Fit_InBFloat16_LearnsAsInSinglePrecision(VariantKind variant)
    {
        var data = TinyImages.Keys(Context, rows: 60);
        using var single = Trained(BackbonePrecision.Full);
        using var rounded = Trained(BackbonePrecision.BFloat16);

        var expected = Context.MulticlassClassification.Evaluate(single.Transform(data)).MicroAccuracy;
        var found = Context.MulticlassClassification.Evaluate(rounded.Transform(data)).MicroAccuracy;

        Assert.IsGreaterThanOrEqualTo(0.9, expected);
        Assert.IsGreaterThanOrEqualTo(0.9, found);
        Assert.IsFalse(Scores(single)[0].SequenceEqual(Scores(rounded)[0]), "Both were trained in the same numbers.");

        NoPropTransformer Trained(BackbonePrecision precision) =>
            TinyImages
                .Trainer(
                    Context,
                    options => options with
                    {
                        Epochs = 12,
                        BackbonePrecision = precision,
                        Variant = variant.Create(new DiscreteTime { BlockCount = 2 }),
                    })
                .Fit(data);

        float[][] Scores(NoPropTransformer model) => [.. model.Transform(data).GetColumn<float[]>("Score")];
    }

    [TestMethod]
    public void Fit_InBFloat16_IsSavedAndScoredInSinglePrecision()
    {
        var data = TinyImages.Keys(Context, rows: 12);
        using var model = TinyImages
            .Trainer(Context, options => options with { Epochs = 1, BackbonePrecision = BackbonePrecision.BFloat16 })
            .Fit(data);

        using var loaded = (NoPropTransformer)EstimatorContract.Reloaded(Context, model, data.Schema);

        SameData.AssertValues(model.Transform(data), loaded.Transform(data));
        Assert.AreEqual(BackbonePrecision.BFloat16, loaded.Model.Options.BackbonePrecision);
    }
}
