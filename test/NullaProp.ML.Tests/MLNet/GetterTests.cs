using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Reading values through a cursor over scored data, rightly and wrongly.</summary>
[TestClass]
public sealed class GetterTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _scored = null!;
    private static NoPropTransformer _model = null!;
    private static List<object[]> _scores = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        var data = TinyImages.Keys(Context);
        _model = TinyImages.Trainer(Context).Fit(data);
        _scored = _model.Transform(data);
        _scores = Cells.Column(_scored, "Score");
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void GetGetter_AskedForTwiceOnARow_GivesTheSameIntoAnyBuffer()
    {
        using var cursor = Open();
        var getter = cursor.GetGetter<VBuffer<float>>(_scored.Schema["Score"]);
        Assert.IsTrue(cursor.MoveNext());
        var (first, second) = (new VBuffer<float>(1, [9f]), new VBuffer<float>(5, 1, [7f], [4]));

        getter(ref first);
        getter(ref second);

        CollectionAssert.AreEqual(_scores[0], first.DenseValues().Cast<object>().ToArray());
        CollectionAssert.AreEqual(_scores[0], second.DenseValues().Cast<object>().ToArray());
    }

    [TestMethod]
    public void GetGetter_FirstValueKept_IsNotOverwrittenByTheNextRow()
    {
        using var cursor = Open();
        var getter = cursor.GetGetter<VBuffer<float>>(_scored.Schema["Score"]);
        var (first, second) = (default(VBuffer<float>), default(VBuffer<float>));
        cursor.MoveNext();
        getter(ref first);
        cursor.MoveNext();

        getter(ref second);

        CollectionAssert.AreEqual(_scores[0], first.DenseValues().Cast<object>().ToArray());
        CollectionAssert.AreEqual(_scores[1], second.DenseValues().Cast<object>().ToArray());
    }

    [TestMethod]
    public void GetGetter_ColumnNotAskedFor_Throws()
    {
        using var cursor = Open();

        Assert.IsTrue(cursor.IsColumnActive(_scored.Schema["Score"]));
        Assert.IsFalse(cursor.IsColumnActive(_scored.Schema["PredictedLabel"]));
        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<uint>(_scored.Schema["PredictedLabel"]));

        Assert.Contains("'PredictedLabel' is not active", fault.Message);
    }

    [TestMethod]
    public void GetGetter_WrongType_Throws()
    {
        using var cursor = Open();

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => cursor.GetGetter<float>(_scored.Schema["Score"]));

        Assert.Contains("Invalid TValue in GetGetter", fault.Message);
    }

    [TestMethod]
    public void Score_BeforeTheFirstRowAndAfterTheLast_Throws()
    {
        using var cursor = Open();
        var read = Cells.Reader(cursor, _scored.Schema["Score"]);

        Assert.ThrowsExactly<InvalidOperationException>(read);
        while (cursor.MoveNext())
        {
            read();
        }

        Assert.ThrowsExactly<InvalidOperationException>(read);
    }

    private static DataViewRowCursor Open() => _scored.GetRowCursor([_scored.Schema["Score"]]);
}
