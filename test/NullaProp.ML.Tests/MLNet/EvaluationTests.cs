using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What ML.NET does with a scored classifier: metrics, names, cross-validation, feature importance.</summary>
[TestClass]
public sealed class EvaluationTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void Evaluate_Scores_GivesTheMetricsThatTheScoresMean()
    {
        var scored = _model.Transform(_data);
        var (labels, scores) = (scored.GetColumn<uint>("Label").ToList(), scored.GetColumn<float[]>("Score").ToList());

        var metrics = Context.MulticlassClassification.Evaluate(scored, topKPredictionCount: 2);

        Assert.AreEqual(labels.Zip(scores).Average(row => -Math.Log(row.Second[row.First - 1])), metrics.LogLoss, 1e-6);
        Assert.AreEqual(
            labels.Zip(scores).Average(row => Array.IndexOf(row.Second, row.Second.Max()) + 1 == row.First ? 1.0 : 0),
            metrics.MicroAccuracy,
            1e-9);
        Assert.IsGreaterThanOrEqualTo(metrics.MicroAccuracy, metrics.TopKAccuracy);
        Assert.AreEqual(3, metrics.ConfusionMatrix.NumberOfClasses);
    }

    [TestMethod]
    public void GetFormattedConfusionTable_TextLabels_ShowsTheClassNames()
    {
        var table = Context.MulticlassClassification.Evaluate(_model.Transform(_data)).ConfusionMatrix.GetFormattedConfusionTable();

        foreach (var name in TinyImages.Names.Take(3))
        {
            Assert.Contains(name, table);
        }
    }

    [TestMethod]
    public void Evaluate_RowWithoutALabel_IsLeftOutAndTheOthersCount()
    {
        var keys = Context.Transforms.Conversion.MapValueToKey("Label").Fit(TinyImages.Texts(Context));
        var rows = TinyImages.Rows(9, 3, index => TinyImages.Names[index]);
        var expected = Context.MulticlassClassification.Evaluate(_model.Transform(keys.Transform(Context.Data.LoadFromEnumerable(rows))));
        rows.Add(new() { Features = rows[0].Features, Label = "unheard of" });

        var metrics = Context.MulticlassClassification.Evaluate(_model.Transform(keys.Transform(Context.Data.LoadFromEnumerable(rows))));

        Assert.AreEqual(expected.LogLoss, metrics.LogLoss, 1e-9);
    }

    [TestMethod]
    public void MapKeyToValue_Downstream_GivesTheNamesOfThePredictedClasses()
    {
        var scored = _model.Transform(_data);

        var named = Context.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(scored).Transform(scored);

        var expected = scored.GetColumn<uint>("PredictedLabel").Select(key => TinyImages.Names[(int)key - 1]).ToList();
        CollectionAssert.AreEqual(expected, named.GetColumn<string>("PredictedLabel").ToList());
    }

    [TestMethod]
    public void CrossValidate_KeysMappedInsideThePipeline_FitsEveryFold()
    {
        var pipeline = Context.Transforms.Conversion.MapValueToKey("Label").Append(TinyImages.Trainer(Context));

        var folds = Context.MulticlassClassification.CrossValidate(TinyImages.Texts(Context), pipeline, numberOfFolds: 3);

        AssertFolds(folds);
    }

    [TestMethod]
    public void CrossValidate_KeysMappedBefore_FitsEveryFold()
    {
        var folds = Context.MulticlassClassification.CrossValidate(_data, TinyImages.Trainer(Context), numberOfFolds: 3);

        AssertFolds(folds);
    }

    // The rare class has one row: two of three folds do not train on it or do not test it, but every score has its slot.
    [TestMethod]
    public void CrossValidate_ClassMissingFromAFold_KeepsTheFullNumberOfClasses()
    {
        var rows = TinyImages.Rows(30, 2, index => TinyImages.Names[index]);
        rows.Add(new() { Features = rows[0].Features, Label = "rare" });
        var data = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(rows));

        var folds = Context.MulticlassClassification.CrossValidate(data, TinyImages.Trainer(Context), numberOfFolds: 3);

        AssertFolds(folds);
    }

    [TestMethod]
    public void PermutationFeatureImportance_LastTransformer_MeasuresEveryPixel()
    {
        var data = Context.Data.TakeRows(_data, 12);
        var chain = new EstimatorChain<ITransformer>().Append(TinyImages.Trainer(Context)).Fit(_data);

        var importance = Context.MulticlassClassification.PermutationFeatureImportance(chain.LastTransformer, data, permutationCount: 1);

        Assert.HasCount(TinyImages.Size, importance);
        Assert.IsTrue(importance.Any(pixel => pixel.LogLoss.Mean != 0), "no pixel matters");
        chain.Dispose();
    }

    [TestMethod]
    public void PermutationFeatureImportance_WholeChain_NamesEveryPixel()
    {
        var data = WithSlotNames(12);
        using var chain = new EstimatorChain<ITransformer>().Append(TinyImages.Trainer(Context)).Fit(_data);

        var importance = Context.MulticlassClassification.PermutationFeatureImportance(chain, data, permutationCount: 1);

        CollectionAssert.AreEquivalent(Enumerable.Range(0, TinyImages.Size).Select(PixelName).ToList(), importance.Keys.ToList());
        Assert.IsTrue(importance.Values.Any(pixel => pixel.LogLoss.Mean != 0), "no pixel matters");
    }

    private static string PixelName(int index) => $"pixel {index}";

    // ML.NET's overload for whole chains reads the names of the features without asking whether there are any.
    private static IDataView WithSlotNames(int rows)
    {
        var names = Enumerable.Range(0, TinyImages.Size).Select(index => PixelName(index).AsMemory()).ToArray();
        var schema = SchemaDefinition.Create(typeof(ImageRow<string>));
        schema["Features"].AddAnnotation(
            "SlotNames",
            new VBuffer<ReadOnlyMemory<char>>(names.Length, names),
            new VectorDataViewType(TextDataViewType.Instance, names.Length));
        return TinyImages.WithKeys(
            Context,
            Context.Data.LoadFromEnumerable(TinyImages.Rows(rows, 3, index => TinyImages.Names[index]), schema));
    }

    private static void AssertFolds(IReadOnlyList<TrainCatalogBase.CrossValidationResult<MulticlassClassificationMetrics>> folds)
    {
        Assert.HasCount(3, folds);
        foreach (var fold in folds)
        {
            Assert.IsTrue(double.IsFinite(fold.Metrics.LogLoss) && fold.Metrics.LogLoss >= 0);
            Assert.AreEqual(3, fold.Metrics.ConfusionMatrix.NumberOfClasses);
            Assert.AreEqual(3, ((VectorDataViewType)fold.ScoredHoldOutSet.Schema["Score"].Type).Size);
            ((IDisposable)fold.Model).Dispose();
        }
    }
}
