using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A model that was disposed of says so; it never crashes natively.</summary>
[TestClass]
public sealed class DisposeTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _original = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _original = TinyImages.Trainer(Context).Fit(_data);
    }

    [ClassCleanup]
    public static void Free() => _original.Dispose();

    [TestMethod]
    public void Dispose_Twice_IsFine()
    {
        var model = Copy();

        model.Dispose();
        model.Dispose();
    }

    [TestMethod]
    public void Transform_CursorAfterDispose_Throws()
    {
        var scored = DisposedModel().Transform(_data);

        Assert.ThrowsExactly<ObjectDisposedException>(() => scored.GetColumn<float[]>("Score").ToList());
    }

    [TestMethod]
    public void MoveNext_ModelDisposedHalfWay_ThrowsInTheNextBatchAndNeverGivesAStaleScore()
    {
        var model = Copy();
        var scored = model.Transform(TinyImages.Keys(Context, rows: 600));
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        var read = Cells.Reader(cursor, scored.Schema["Score"]);
        Assert.IsTrue(cursor.MoveNext());

        model.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => MoveToTheEnd(cursor));
        Assert.ThrowsExactly<InvalidOperationException>(read);
        Assert.Throws<InvalidOperationException>(() => MoveToTheEnd(cursor)); // ObjectDisposedException is one, too
    }

    [TestMethod]
    public void Predict_AfterDispose_Throws()
    {
        var model = Copy();
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(model);
        var row = new UnlabelledRow { Features = new float[TinyImages.Size] };
        engine.Predict(row);

        model.Dispose();

        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Predict(row));
    }

    [TestMethod]
    public void Save_AfterDispose_Throws()
    {
        var model = DisposedModel();

        Assert.ThrowsExactly<ObjectDisposedException>(() => Context.Model.Save(model, _data.Schema, new MemoryStream()));
    }

    [TestMethod]
    public void WithSampling_AfterDispose_Throws()
    {
        var model = DisposedModel();

        Assert.ThrowsExactly<ObjectDisposedException>(() => model.WithSampling(options => options with { SolverSteps = 1 }));
    }

    [TestMethod]
    public void Diagnose_AfterDispose_Throws()
    {
        var model = DisposedModel();

        Assert.ThrowsExactly<ObjectDisposedException>(() => model.Diagnose(_data));
    }

    [TestMethod]
    public void Model_AfterDispose_CanStillBeRead() =>
        CollectionAssert.AreEqual(new[] { "cat", "dog", "owl" }, DisposedModel().Model.ClassNames.ToList());

    [TestMethod]
    public void Dispose_EngineThatOwnsTheModel_EndsTheOtherEngineWithAMessage()
    {
        var model = Copy();
        var (owner, other) =
            (Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
                model), Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(model));

        owner.Dispose();

        var fault =
            Assert.ThrowsExactly<ObjectDisposedException>(() => other.Predict(new UnlabelledRow { Features = new float[TinyImages.Size] }));
        Assert.Contains(nameof(NoPropTransformer), fault.Message);
        other.Dispose();
    }

    [TestMethod]
    public void Dispose_ModelWithOtherSampling_LeavesTheFirstAlive()
    {
        using var model = Copy();
        var before = Cells.Column(model.Transform(_data), "Score");

        model.WithSampling(options => options with { SolverSteps = 1 }).Dispose();

        Cells.AssertSame(before[0], Cells.Column(model.Transform(_data), "Score")[0], 0, "row 0");
    }

    [TestMethod]
    public void Dispose_First_LeavesTheModelWithOtherSamplingAlive()
    {
        var model = Copy();
        using var other = model.WithSampling(options => options with { SolverSteps = 1 });
        var before = Cells.Column(other.Transform(_data), "Score");

        model.Dispose();

        Cells.AssertSame(before[0], Cells.Column(other.Transform(_data), "Score")[0], 0, "row 0");
    }

    private static void MoveToTheEnd(DataViewRowCursor cursor)
    {
        while (cursor.MoveNext())
        {
        }
    }

    private static NoPropTransformer Copy() => (NoPropTransformer)EstimatorContract.Reloaded(Context, _original, _data.Schema);

    private static NoPropTransformer DisposedModel()
    {
        var model = Copy();
        model.Dispose();
        return model;
    }
}
