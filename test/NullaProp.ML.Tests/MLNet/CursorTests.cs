using CsCheck;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Cursors over scored data: several at once, from several threads, left half way, in sets, and with wrong wishes.</summary>
[TestClass]
public sealed class CursorTests
{
    private const int Rows = 300; // several batches

    private static readonly MLContext Context = new(seed: 1);
    private static IDataView _scored = null!;
    private static NoPropTransformer _model = null!;
    private static List<object[]> _scores = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));
        _scored = _model.Transform(TinyImages.Keys(Context, Rows, seed: 2));
        _scores = Cells.Column(_scored, "Score");
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void GetRowCursor_TwoAtOnce_AdvanceWithoutDisturbingEachOther()
    {
        using var slow = Open();
        using var fast = Open();
        var (readSlow, readFast) = (Score(slow), Score(fast));

        for (var row = 0; row < Rows; row++)
        {
            Assert.IsTrue(fast.MoveNext());
            Cells.AssertSame(_scores[row], readFast(), 0, $"fast, row {row}");
            if (row % 3 == 0)
            {
                Assert.IsTrue(slow.MoveNext());
                Cells.AssertSame(_scores[row / 3], readSlow(), 0, $"slow, row {row / 3}");
            }
        }
    }

    [TestMethod]
    public void GetRowCursor_FourThreads_AllReadTheSame()
    {
        var read = new List<object[]>[4];

        Parallel.For(
            0,
            read.Length,
            new ParallelOptions { MaxDegreeOfParallelism = read.Length },
            i => read[i] = Cells.Column(_scored, "Score"));

        foreach (var scores in read)
        {
            AssertScores(scores);
        }
    }

    [TestMethod]
    public void GetRowCursor_LeftHalfWay_NextCursorStartsAtTheFirstRow()
    {
        using (var abandoned = Open())
        {
            Assert.IsTrue(abandoned.MoveNext());
        }

        AssertScores(Cells.Column(_scored, "Score"));
    }

    [TestMethod]
    public void Dispose_Twice_IsFine()
    {
        var cursor = Open();
        Assert.IsTrue(cursor.MoveNext());

        cursor.Dispose();
        cursor.Dispose();
    }

    [TestMethod]
    public void Position_BeforeDuringAndAfter_CountsFromMinusOneAndBack()
    {
        using var cursor = Open();
        Assert.AreEqual(-1, cursor.Position);

        for (var row = 0; row < Rows; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual(row, cursor.Position);
        }

        Assert.IsFalse(cursor.MoveNext());
        Assert.IsFalse(cursor.MoveNext(), "the end stays the end");
        Assert.AreEqual(-1, cursor.Position);
    }

    [TestMethod]
    public void GetRowCursorSet_FourWanted_GiveEveryRowOnce()
    {
        var cursors = _scored.GetRowCursorSet(_scored.Schema, 4);

        var ids = cursors.SelectMany(Ids).ToList();

        Assert.HasCount(Rows, ids);
        Assert.HasCount(Rows, ids.Distinct());
    }

    [TestMethod]
    public void GetRowCursor_RandomOrderAskedFor_KeepsTheOrder()
    {
        var source = Context.Data.Cache(TinyImages.Keys(Context, Rows, seed: 2)); // a cache can shuffle, so the wish must not reach it
        var (scored, features) = (_model.Transform(source), Cells.Column(_scored, "Features"));
        Assert.IsTrue(source.CanShuffle);
        Assert.IsFalse(scored.CanShuffle);
        using var cursor = scored.GetRowCursor(scored.Schema, new Random(1));
        using var set = scored.GetRowCursorSet(scored.Schema, 2, new Random(1)).Single();

        AssertOrder(features, cursor);
        AssertOrder(features, set);
    }

    // The rows before the fault have been read and are as good as ever, whatever batch they share with it; behind it nothing is certain.
    [TestMethod]
    public void MoveNext_FaultyRow_ComesAfterTheRowsBeforeItAndThrowsAgain()
    {
        var rows = TinyImages.Rows(Rows, 3, index => TinyImages.Names[index]);
        rows[7].Features[0] = float.NaN;
        var scored = _model.Transform(Context.Data.LoadFromEnumerable(rows));
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        var read = Score(cursor);
        for (var row = 0; row < 7; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            // libtorch adds up in another order
            Cells.AssertSame(_model.OneByOne(Context, rows[row].Features), read(), 1e-5f, $"row {row}");
        }

        Assert.Contains("Row 7", Assert.ThrowsExactly<InvalidOperationException>(() => cursor.MoveNext()).Message);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => cursor.MoveNext());

        Assert.Contains("lost its place", fault.Message);
        Assert.ThrowsExactly<InvalidOperationException>(read);
    }

    [TestMethod]
    public void GetRowCount_KnownSource_IsTheSources() => Assert.AreEqual(Rows, _scored.GetRowCount());

    private static DataViewRowCursor Open() => _scored.GetRowCursor([_scored.Schema["Score"]]);

    private static Func<object[]> Score(DataViewRowCursor cursor) => Cells.Reader(cursor, cursor.Schema["Score"]);

    // Neither passed-through columns nor scores may change their order.
    private static void AssertOrder(List<object[]> features, DataViewRowCursor cursor)
    {
        var (readFeatures, readScore) = (Cells.Reader(cursor, cursor.Schema["Features"]), Score(cursor));
        for (var row = 0; row < Rows; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            Cells.AssertSame(features[row], readFeatures(), 0, $"features, row {row}");
            Cells.AssertSame(_scores[row], readScore(), 0, $"score, row {row}");
        }
    }

    private static void AssertScores(List<object[]> scores)
    {
        Assert.HasCount(Rows, scores);
        for (var row = 0; row < Rows; row++)
        {
            Cells.AssertSame(_scores[row], scores[row], 0, $"row {row}");
        }
    }

    private static List<DataViewRowId> Ids(DataViewRowCursor cursor)
    {
        var ids = new List<DataViewRowId>();
        using (cursor)
        {
            var getter = cursor.GetIdGetter();
            while (cursor.MoveNext())
            {
                DataViewRowId id = default;
                getter(ref id);
                ids.Add(id);
            }
        }

        return ids;
    }

    // Any part of the data, any columns, with and without a cache, read to any row: each value is that of its row, read by itself.
    [TestMethod]
    public void GetRowCursor_AnyPartColumnsAndSource_GivesEachRowItsOwn()
    {
        var data = TinyImages.Keys(Context, rows: 600, seed: 2);
        var pixels = data.GetColumn<float[]>("Features").ToList();
        var labels = Cells.Column(data, "Label");
        var names = data
            .GetColumn<uint>("Label")
            .Zip(labels)
            .DistinctBy(pair => pair.First)
            .ToDictionary(pair => pair.First, pair => pair.Second);
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
            _model, new PredictionEngineOptions { OwnsTransformer = false });
        var scores = pixels.ConvertAll(row => engine.Predict(new UnlabelledRow { Features = row }).Score.ToArray());

        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 300], Gen.Int[0, 300], Gen.Int[0, 31], Gen.Bool).Sample(
            drawn =>
            {
                var (skip, take, read, wanted, isCached) = drawn;
                var part = Context.Data.TakeRows(Context.Data.SkipRows(data, skip), take);
                var scored = _model.Transform(isCached ? Context.Data.Cache(part) : part);
                var columns = scored.Schema.Where(column => !column.IsHidden && (wanted & (1 << (column.Index % 5))) != 0).ToList();
                using var cursor = scored.GetRowCursor(columns);
                var readers = columns.ConvertAll(column => (column.Name, Read: Cells.Reader(cursor, column)));
                for (var row = 0; row < Math.Min(take, read); row++)
                {
                    Assert.IsTrue(cursor.MoveNext());
                    foreach (var (name, value) in readers)
                    {
                        object[] expected = name switch
                        {
                            "Features" => [.. pixels[skip + row].Cast<object>()],
                            "Label" => labels[skip + row],
                            "Score" => [.. scores[skip + row].Cast<object>()],
                            "PredictedLabel" => names[(uint)Array.IndexOf(scores[skip + row], scores[skip + row].Max()) + 1],
                            _ => value(),
                        };
                        Cells.AssertSame(expected, value(), 1e-6f, $"{name} of row {row} behind {skip}");
                    }
                }
            },
            iter: 40,
            threads: 1);
    }
}
