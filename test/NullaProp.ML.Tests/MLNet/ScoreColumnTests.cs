using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>The two columns that a model adds, and what is written on them.</summary>
[TestClass]
public sealed class ScoreColumnTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;
    private static DataViewSchema _schema = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context).Fit(_data);
        _schema = _model.GetOutputSchema(_data.Schema);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void GetOutputSchema_TextLabels_AppendsPredictedLabelAndScoreInThisOrder()
    {
        var names = _schema.Select(column => column.Name).ToList();

        CollectionAssert.AreEqual(_data.Schema.Select(column => column.Name).Concat(["PredictedLabel", "Score"]).ToList(), names);
        Assert.AreEqual(new KeyDataViewType(typeof(uint), 3), _schema["PredictedLabel"].Type);
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 3), _schema["Score"].Type);
    }

    [TestMethod]
    public void GetOutputSchema_InputColumns_KeepIndexTypeHidingAndAnnotations()
    {
        foreach (var column in _data.Schema)
        {
            var passed = _schema[column.Index];
            Assert.AreEqual(column.Name, passed.Name);
            Assert.AreEqual(column.Type, passed.Type);
            Assert.AreEqual(column.IsHidden, passed.IsHidden, column.Name);
            Assert.AreEqual(column.Annotations.Schema.Count, passed.Annotations.Schema.Count, column.Name);
        }

        CollectionAssert.AreEqual(new[] { "cat", "dog", "owl" }, Cells.Annotation(_schema["Label"], "KeyValues"));
    }

    [TestMethod]
    public void PredictedLabel_TextLabels_CarriesExactlyTheScoreKindsAndKeyValues()
    {
        var column = _schema["PredictedLabel"];

        AssertKinds(column, "KeyValues", "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind");
        AssertAnnotation(column, "ScoreColumnKind", "MulticlassClassification");
        AssertAnnotation(column, "ScoreColumnSetId", 1u);
        AssertAnnotation(column, "ScoreValueKind", "PredictedLabel");
        AssertAnnotation(column, "KeyValues", "cat", "dog", "owl");
    }

    [TestMethod]
    public void Score_TextLabels_CarriesExactlyTheScoreKindsSlotNamesAndLabelValues()
    {
        var column = _schema["Score"];

        AssertKinds(column, "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind", "SlotNames", "TrainingLabelValues");
        AssertAnnotation(column, "ScoreColumnKind", "MulticlassClassification");
        AssertAnnotation(column, "ScoreColumnSetId", 1u);
        AssertAnnotation(column, "ScoreValueKind", "Score");
        AssertAnnotation(column, "SlotNames", "cat", "dog", "owl");
        AssertAnnotation(column, "TrainingLabelValues", "cat", "dog", "owl");
    }

    [TestMethod]
    public void ScoreColumnSetId_Type_IsTheKeyThatMLNetUses() =>
        Assert.AreEqual(new KeyDataViewType(typeof(uint), int.MaxValue), _schema["Score"].Annotations.Schema["ScoreColumnSetId"].Type);

    [TestMethod]
    public void Score_IntegerLabels_CarriesLabelValuesOfTheirTypeAndNoSlotNames()
    {
        var data = TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(TinyImages.Rows(24, 2, index => 7 - index)));
        using var model = TinyImages.Trainer(Context).Fit(data);

        var schema = model.GetOutputSchema(data.Schema);

        AssertKinds(schema["Score"], "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind", "TrainingLabelValues");
        AssertAnnotation(schema["Score"], "TrainingLabelValues", 7, 6);
        AssertAnnotation(schema["PredictedLabel"], "KeyValues", 7, 6);
        CollectionAssert.AreEqual(new[] { "7", "6" }, model.Model.ClassNames.ToList());
    }

    [TestMethod]
    public void Score_BareKey_CarriesNoNames()
    {
        var rows = TinyImages.Pixels(24, 3).Select(image => new BareKeyRow { Features = image.Pixels, Label = (uint)image.Class });
        var data = Context.Data.LoadFromEnumerable(rows);
        using var model = TinyImages.Trainer(Context).Fit(data);

        var schema = model.GetOutputSchema(data.Schema);

        AssertKinds(schema["Score"], "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind");
        AssertKinds(schema["PredictedLabel"], "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind");
        Assert.AreEqual(4, model.Model.ClassCount, "the key type has four values, though one has no rows");
        Assert.AreEqual(new VectorDataViewType(NumberDataViewType.Single, 4), schema["Score"].Type);
    }

    [TestMethod]
    public void Fit_SecondScorerInAChain_HidesTheFirstAndTakesTheNextScoreSet()
    {
        var second = TinyImages.Trainer(Context, options => options with { Seed = 2 });
        var promised = TinyImages.Trainer(Context).Append(second).GetOutputSchema(SchemaShapes.Of(_data.Schema));
        var scored = _model.Transform(_data);
        using var model = second.Fit(scored);

        var twice = model.Transform(scored);

        var (old, young) = (_schema["Score"].Index, twice.Schema["Score"]);
        Assert.IsTrue(twice.Schema[old].IsHidden);
        Assert.IsTrue(twice.Schema[_schema["PredictedLabel"].Index].IsHidden);
        Assert.IsFalse(young.IsHidden);
        AssertAnnotation(twice.Schema[old], "ScoreColumnSetId", 1u);
        AssertAnnotation(young, "ScoreColumnSetId", 2u);
        AssertAnnotation(twice.Schema["PredictedLabel"], "ScoreColumnSetId", 2u);
        EstimatorContract.AssertShapes(promised, SchemaShapes.Of(twice.Schema));
        CollectionAssert.AreEqual(Scores(model.Transform(_data)), Scores(twice));
    }

    [TestMethod]
    public void Fit_CustomColumnNames_ReadsAndWritesTheseColumns()
    {
        var renamed = Context.Transforms.CopyColumns("Picture", "Features")
            .Append(Context.Transforms.CopyColumns("Animal", "Label"))
            .Append(Context.Transforms.DropColumns("Features", "Label")).Fit(_data).Transform(_data);
        using var model = TinyImages.Trainer(Context, options => options with
        {
            FeatureColumnName = "Picture",
            LabelColumnName = "Animal",
            ScoreColumnName = "Probabilities",
            PredictedLabelColumnName = "Guess",
        }).Fit(renamed);

        var scored = model.Transform(renamed);
        var metrics = Context.MulticlassClassification.Evaluate(scored, "Animal", "Probabilities", "Guess");

        AssertAnnotation(scored.Schema["Probabilities"], "SlotNames", "cat", "dog", "owl");
        AssertAnnotation(scored.Schema["Guess"], "KeyValues", "cat", "dog", "owl");
        Assert.IsNull(scored.Schema.GetColumnOrNull("Score"));
        Assert.AreEqual(Context.MulticlassClassification.Evaluate(_model.Transform(_data)).LogLoss, metrics.LogLoss, 1e-9);
    }

    private static List<float> Scores(IDataView data) => [.. Cells.Column(data, "Score").SelectMany(row => row.Cast<float>())];

    private static void AssertKinds(DataViewSchema.Column column, params string[] kinds) =>
        CollectionAssert.AreEqual(kinds, column.Annotations.Schema.Select(kind => kind.Name).Order().ToArray());

    private static void AssertAnnotation(DataViewSchema.Column column, string kind, params object[] values) =>
        CollectionAssert.AreEqual(values, Cells.Annotation(column, kind), $"{kind} of {column.Name}");
}
