using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>The mapper that PredictionEngine drives: which columns depend on which, and rows over other rows.</summary>
[TestClass]
public sealed class RowMapperTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _data = null!;
    private static NoPropTransformer _model = null!;
    private static IRowToRowMapper _mapper = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context).Fit(_data);
        _mapper = _model.GetRowToRowMapper(_data.Schema);
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void GetDependencies_Score_NeedsTheFeaturesAndNotTheLabel() => AssertNeeds(["Features"], "Score");

    [TestMethod]
    public void GetDependencies_PredictedLabel_NeedsTheFeaturesAndNotTheLabel() => AssertNeeds(["Features"], "PredictedLabel");

    [TestMethod]
    public void GetDependencies_PassedThroughColumn_NeedsItself() => AssertNeeds(["Label"], "Label");

    [TestMethod]
    public void GetDependencies_ScoreAndFeatures_NameTheFeaturesOnce() => AssertNeeds(["Features"], "Features", "Score");

    [TestMethod]
    public void GetRow_MovingInput_FollowsItPositionAndAll()
    {
        var scores = Cells.Column(_model.Transform(_data), "Score");
        using var cursor = _data.GetRowCursor(_data.Schema);
        using var row = _mapper.GetRow(cursor, _mapper.OutputSchema);
        var read = Cells.Reader(row, _mapper.OutputSchema["Score"]);
        Assert.AreSame(_mapper.OutputSchema, row.Schema);

        while (cursor.MoveNext())
        {
            Assert.AreEqual(cursor.Position, row.Position);
            Assert.AreEqual(cursor.Batch, row.Batch);
            Cells.AssertSame(scores[(int)cursor.Position], read(), 1e-5f, $"row {row.Position}");
        }
    }

    [TestMethod]
    public void GetRow_ColumnNotAskedFor_IsNotActive()
    {
        using var cursor = _data.GetRowCursor(_data.Schema);
        using var row = _mapper.GetRow(cursor, [_mapper.OutputSchema["Label"]]);

        Assert.IsTrue(row.IsColumnActive(_mapper.OutputSchema["Label"]));
        Assert.IsFalse(row.IsColumnActive(_mapper.OutputSchema["Score"]));
        Assert.ThrowsExactly<InvalidOperationException>(() => row.GetGetter<VBuffer<float>>(_mapper.OutputSchema["Score"]));
    }

    [TestMethod]
    public void GetRow_RowOfAnotherSchema_Throws()
    {
        var other = TinyImages.Keys(Context);
        using var cursor = other.GetRowCursor(other.Schema);

        var fault = Assert.ThrowsExactly<ArgumentException>(() => _mapper.GetRow(cursor, _mapper.OutputSchema));

        Assert.AreEqual("input", fault.ParamName);
    }

    [TestMethod]
    public void Dispose_ScoredRow_DisposesTheRowUnderneath()
    {
        var cursor = _data.GetRowCursor(_data.Schema);
        Assert.IsTrue(cursor.MoveNext());

        _mapper.GetRow(cursor, _mapper.OutputSchema).Dispose();

        Assert.AreEqual(-1, cursor.Position, "a disposed ML.NET cursor stands nowhere");
    }

    private static void AssertNeeds(string[] expected, params string[] wanted)
    {
        var needed = _mapper.GetDependencies(wanted.Select(name => _mapper.OutputSchema[name]));

        CollectionAssert.AreEquivalent(expected, needed.Select(column => column.Name).ToArray());
    }
}
