using Microsoft.ML;

namespace NullaProp.ML.Tests.BadInput;

/// <summary>Arguments that are missing or make no sense, and models used after their end.</summary>
[TestClass]
public sealed class ArgumentTests
{
    [TestMethod]
    public void PublicMembers_NullArgument_NameIt()
    {
        var context = new MLContext(seed: 1);
        var trainers = context.MulticlassClassification.Trainers;
        var trainer = Tiny.Trainer(context);
        using var model = Tiny.Model(context);
        var data = Tiny.Data(context);
        (string Name, Action Call)[] calls =
        [
            ("catalog", () => NoPropCatalog.NoProp(null!)),
            ("catalog", () => NoPropCatalog.NoProp(null!, Tiny.Options)),
            ("options", () => trainers.NoProp((NoPropOptions)null!)),
            ("input", () => trainer.Fit(null!)),
            ("input", () => trainer.Fit(null!, new NoPropRun())),
            ("run", () => trainer.Fit(data, (NoPropRun)null!)),
            ("inputSchema", () => trainer.GetOutputSchema(null!)),
            ("input", () => model.Transform(null!)),
            ("inputSchema", () => model.GetOutputSchema(null!)),
            ("inputSchema", () => model.GetRowToRowMapper(null!)),
            ("data", () => model.Diagnose(null!)),
            ("change", () => model.WithSampling(null!)),
            ("ctx", () => ((ICanSaveModel)model).Save(null!)),
            ("options", () => ModelSummary.Of(null!, new(1, 8, 8), 2)),
            ("shape", () => ModelSummary.Of(Tiny.Options, null!, 2)),
            ("labelColumnName", () => RejectionThreshold.ForPrecision(data, 0.5, null!)),
            ("weights", () => _ = new ClassWeights([new(null!, 1)])),
            ("className", () => new ClassWeights([]).Of(null!)),
            ("columnsNeeded", () => model.Transform(data).GetRowCursor((IEnumerable<DataViewSchema.Column>)null!)),
            ("columnsNeeded", () => model.Transform(data).GetRowCursorSet((IEnumerable<DataViewSchema.Column>)null!, 1)),
            ("input", () => model.GetRowToRowMapper(data.Schema).GetRow(null!, data.Schema)),
            ("dependingColumns", () => model.GetRowToRowMapper(data.Schema).GetDependencies(null!)),
        ];

        foreach (var (name, call) in calls)
        {
            Assert.AreEqual(name, Fault.Caused<ArgumentNullException>(call).ParamName);
        }

        Tiny.AssertTrains(context, trainer);
        Tiny.AssertScores(context, model);
    }

    // Each would be taken for one of the others.
    [TestMethod]
    public void PublicMembers_ChoiceThatThereIsNot_SayWhichThereAre()
    {
        var context = new MLContext(seed: 1);
        Action[] calls =
        [
            () => Tiny.Trainer(context).Fit(Tiny.Data(context), new NoPropRun { WhenCancelled = (WhenCancelled)9 }),
            () => _ = new Checkpoints("states") { Resume = (CheckpointResume)9 },
            () => context.Data.LoadImageFolder("photos", (UnreadableImages)9),
            () => context.Transforms.LoadImageFiles("Features", 8, 8, fit: (ImageFit)9),
        ];
        foreach (var call in calls)
        {
            Assert.Contains(" is 9, but must be ", Assert.ThrowsExactly<ArgumentOutOfRangeException>(call).Message);
        }
    }

    [TestMethod]
    public void WithSampling_OptionWithoutEffect_IsRefusedAndTheModelStays()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context, Tiny.Options with { Variant = new DiscreteTime { BlockCount = 2 }, Sampling = new() });

        Fault.Caused<ArgumentOutOfRangeException>(
            () => model.WithSampling(sampling => sampling with { SolverSteps = 3 }),
            "SolverSteps of Sampling is set, but DiscreteTime takes one exact step a block: leave it out.");

        Tiny.AssertScores(context, model);
    }

    [TestMethod]
    public void WithColumns_SameNameTwice_IsRefused()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Caused<ArgumentOutOfRangeException>(
            () => model.WithColumns(score: "A", predictedLabel: "A"),
            "ScoreColumnName and PredictedLabelColumnName are both 'A'");
    }

    [TestMethod]
    public void WithSampling_OutOfRange_TellsIt()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Caused<ArgumentOutOfRangeException>(
            () => model.WithSampling(options => options with { SolverSteps = 0, Draws = -1 }),
            "2 faults",
            "SolverSteps is 0",
            "Draws is -1");
    }

    [TestMethod]
    public void WithSampling_ReturnsNull_SaysSo()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Assert.AreEqual("change", Fault.Caused<ArgumentException>(() => model.WithSampling(_ => null!), "returned null").ParamName);
    }

    [TestMethod]
    public void Mapper_RowOfAnotherSchema_IsRefused()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var (data, other) = (Tiny.Data(context), Tiny.Data(context));
        using var row = other.GetRowCursor(other.Schema);

        var fault = Fault.Caused<ArgumentException>(
            () => model.GetRowToRowMapper(data.Schema).GetRow(row, data.Schema),
            "The row has another schema");

        Assert.AreEqual("input", fault.ParamName);
    }

    [TestMethod]
    public void Cursor_ColumnNotAskedFor_NamesIt()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var scored = model.Transform(Tiny.Data(context));
        using var cursor = scored.GetRowCursor([scored.Schema["Label"]]);

        Assert.Contains(
            "Column 'Score' is not active",
            Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<uint>(scored.Schema["Score"])).Message);
    }

    [TestMethod]
    public void Model_UsedAfterDispose_SaysSo()
    {
        var context = new MLContext(seed: 1);
        var model = Tiny.Model(context);
        var before = model.Transform(Tiny.Data(context));
        var engine = context.Model.CreatePredictionEngine<Photo, Scored>(model, new PredictionEngineOptions { OwnsTransformer = false });
        model.Dispose();
        Action[] calls =
        [
            () => Tiny.Scores(context, before),
            () => Tiny.Scores(context, model, Tiny.Photos()),
            () => engine.Predict(Tiny.Photo(0)),
            () => model.Diagnose(Tiny.Data(context)),
            () => model.WithSampling(options => options with { SolverSteps = 3 }),
            () => context.Model.Save(model, null, Stream.Null),
        ];

        foreach (var call in calls)
        {
            Fault.Caused<ObjectDisposedException>(call, "NoPropTransformer", "new PredictionEngineOptions { OwnsTransformer = false }");
        }

        model.Dispose();
    }
}
