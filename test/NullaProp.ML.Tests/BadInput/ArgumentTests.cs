using Microsoft.Extensions.Logging.Abstractions;
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
            ("catalog", () => NoPropCatalog.NoProp(null!, Tiny.Options, NullLogger.Instance)),
            ("options", () => trainers.NoProp((NoPropOptions)null!)),
            ("options", () => trainers.NoProp(null!, NullLogger.Instance)),
            ("logger", () => trainers.NoProp(Tiny.Options, logger: null!)),
            ("input", () => trainer.Fit(null!)),
            ("train", () => trainer.Fit(null!, data)),
            ("train", () => trainer.Fit(null!, model)),
            ("previous", () => trainer.Fit(data, previous: null!)),
            ("inputSchema", () => trainer.GetOutputSchema(null!)),
            ("input", () => model.Transform(null!)),
            ("inputSchema", () => model.GetOutputSchema(null!)),
            ("inputSchema", () => model.GetRowToRowMapper(null!)),
            ("data", () => model.Diagnose(null!)),
            ("change", () => model.WithSampling(null!)),
            ("ctx", () => ((ICanSaveModel)model).Save(null!)),
            ("options", () => ModelSummary.Of(null!, new(1, 8, 8), 2)),
            ("shape", () => ModelSummary.Of(Tiny.Options, null!, 2)),
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

    [TestMethod]
    public void WithSampling_TrainingOptionChanged_NamesThoseThatMayBe()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        var fault = Fault.Caused<ArgumentException>(
            () => model.WithSampling(options => options with { HiddenSize = 32, SolverSteps = 3 }),
            "Only Dynamics, Solver, SolverSteps, SolverTolerance, ScoreReadout, ReadoutMaxLogSnr, EarlyExit, Draws, and column names can be changed after training, but these were changed, too: HiddenSize. Set them before Fit.");

        Assert.AreEqual("change", fault.ParamName);
        Tiny.AssertScores(context, model);
    }

    [TestMethod]
    public void WithSampling_SeveralTrainingOptionsChanged_NamesThem()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Caused<ArgumentException>(
            () => model.WithSampling(_ => new NoPropOptions()),
            "but these were changed, too: Epochs, BatchSize, Seed, HiddenSize. Set them before Fit.");
    }

    [TestMethod]
    public void WithSampling_OutOfRange_TellsIt()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);

        Fault.Caused<ArgumentOutOfRangeException>(() => model.WithSampling(options => options with { SolverSteps = 0, Draws = -1 }), "2 faults", "SolverSteps is 0", "Draws is -1");
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

        var fault = Fault.Caused<ArgumentException>(() => model.GetRowToRowMapper(data.Schema).GetRow(row, data.Schema), "The row has another schema");

        Assert.AreEqual("input", fault.ParamName);
    }

    [TestMethod]
    public void Cursor_ColumnNotAskedFor_NamesIt()
    {
        var context = new MLContext(seed: 1);
        using var model = Tiny.Model(context);
        var scored = model.Transform(Tiny.Data(context));
        using var cursor = scored.GetRowCursor([scored.Schema["Label"]]);

        Assert.Contains("Column 'Score' is not active", Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<uint>(scored.Schema["Score"])).Message);
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
            Fault.Caused<ObjectDisposedException>(call, "NoPropTransformer");
        }

        model.Dispose();
    }
}
