using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Scoring;

/// <summary>Columns of every type come through the batches as they are in the source, whichever of them are asked for.</summary>
[TestClass]
public sealed partial class KeptColumnTests
{
    private const int Rows = 60;
    private const int Subsets = 12;

    private static readonly MLContext Context = new(seed: 1);
    private static NoPropTransformer _model = null!;
    private static IDataView _data = null!;

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        _model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));
        var rows = TinyImages.Pixels(Rows, 3, seed: 2).Select((image, row) => Row(image.Pixels, row)).ToList();
        _data = Context.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(Context.Data.LoadFromEnumerable(rows))
            .Transform(Context.Data.LoadFromEnumerable(rows));
    }

    [ClassCleanup]
    public static void Free() => _model.Dispose();

    [TestMethod]
    public void GetGetter_RandomColumns_GiveTheSourcesValuesAndTheRowsScores()
    {
        var random = new Random(7);
        var scores = Cells.Column(_model.Transform(_data), "Score");
        for (var subset = 0; subset < Subsets; subset++)
        {
            var source = new ProbeView(_data);
            var scored = _model.Transform(source);
            var wanted = scored.Schema.Where(column => !column.IsHidden && random.Next(2) == 0).ToList();
            wanted.Add(scored.Schema["Score"]);
            using var expected = _data.GetRowCursor(_data.Schema);
            using var cursor = scored.GetRowCursor(wanted);
            var readers = wanted
                .Select(column => (column.Name, Read: Cells.Reader(cursor, column), Expected: column.Index < _data.Schema.Count
                ? Cells.Reader(expected, _data.Schema[column.Index])
                : null)).ToList();
            var (id, expectedId) = (cursor.GetIdGetter(), expected.GetIdGetter());

            while (cursor.MoveNext())
            {
                Assert.IsTrue(expected.MoveNext());
                foreach (var reader in readers.Where(_ => random.Next(4) > 0))
                {
                    for (var time = 0; time < 2 && reader.Expected is not null; time++)
                    {
                        Cells.AssertSame(reader.Expected(), reader.Read(), 0, $"subset {subset}, row {cursor.Position}, {reader.Name}");
                    }
                }

                Cells.AssertSame(scores[(int)cursor.Position], readers[^1].Read(), 1e-6f, $"subset {subset}, row {cursor.Position}");
                Assert.AreEqual(expected.Position, cursor.Position);
                Assert.AreEqual(Value(expectedId), Value(id));
            }

            Assert.IsFalse(expected.MoveNext());
            Assert.IsTrue(source.Reads.Values.All(reads => reads == Rows), "a column was read other than once a row");
            CollectionAssert.AreEquivalent(
                wanted
                    .Where(column => column.Index < _data.Schema.Count)
                    .Select(column => column.Name)
                    .Append("Features")
                    .Distinct()
                    .ToList(),
                source.Reads.Keys);
        }
    }

    [TestMethod]
    public void GetGetter_NoScoreAskedFor_ReadsOneRowAndOnlyWhatIsRead()
    {
        var source = new ProbeView(_data);
        var scored = _model.Transform(source);
        using var cursor = scored.GetRowCursor([scored.Schema["Number"], scored.Schema["Text"]]);
        var read = Cells.Reader(cursor, scored.Schema["Number"]);

        cursor.MoveNext();
        read();
        cursor.MoveNext();

        Assert.AreEqual(2, source.Moved);
        CollectionAssert.AreEquivalent(new Dictionary<string, int> { ["Number"] = 1 }, source.Reads);
    }

    [TestMethod]
    public void GetGetter_TextInMemoryThatIsUsedAgain_KeepsEachRowsText()
    {
        var memory = new char[3];
        IEnumerable<MemoryRow> Read()
        {
            foreach (var (pixels, row) in TinyImages.Pixels(Rows, 3).Select((image, row) => (image.Pixels, row)))
            {
                $"{row:000}".CopyTo(memory);
                yield return new MemoryRow { Features = pixels, Text = memory };
            }
        }

        var scored = _model.Transform(Context.Data.LoadFromEnumerable(Read()));
        using var cursor = scored.GetRowCursor(scored.Schema);
        var read = Cells.Reader(cursor, scored.Schema["Text"]);

        for (var row = 0; row < Rows; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            Assert.AreEqual($"{row:000}", read()[0]);
        }
    }

    // One image object, drawn anew for each row, as a camera gives it; asked for downstream, and the features at once.
    [TestMethod]
    public void GetGetter_ImageThatIsDisposedOfAtTheNextRow_KeepsEachRowsImage()
    {
        using var model = TinyImages.Trainer(Context).Fit(Context.Data.LoadFromEnumerable(Photos(24)));
        var scored = model.Transform(Context.Data.LoadFromEnumerable(Photos(Rows)));
        using var cursor = scored.GetRowCursor([scored.Schema["Features"], scored.Schema["Score"]]);
        var getter = cursor.GetGetter<MLImage>(scored.Schema["Features"]);
        var kept = new List<MLImage>();

        while (cursor.MoveNext())
        {
            MLImage image = null!;
            getter(ref image);
            Assert.AreEqual((byte)(cursor.Position % 200), image.Pixels[0]);
            Assert.AreEqual($"photo {cursor.Position}", image.Tag);
            var first = image;
            getter(ref image); // a second one, so that the first is the consumer's
            Assert.AreNotSame(first, image);
            kept.AddRange([first, image]);
        }

        Assert.HasCount(2 * Rows, kept);
        for (var i = 0; i < kept.Count; i++)
        {
            Assert.AreEqual((byte)(i / 2 % 200), kept[i].Pixels[0]);
            kept[i].Dispose();
        }
    }

    // A column that cannot be read is a fault of those who read it.
    [TestMethod]
    public void GetGetter_ValueThatCannotBeRead_ThrowsThereAndScoresAllRows()
    {
        var scored = _model.Transform(new ProbeView(_data, unreadable: ("Number", row => row % 3 == 1)));
        using var cursor = scored.GetRowCursor([scored.Schema["Number"], scored.Schema["Score"]]);
        var (readNumber, readScore) = (Cells.Reader(cursor, scored.Schema["Number"]), Cells.Reader(cursor, scored.Schema["Score"]));

        for (var row = 0; row < Rows; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            readScore();
            if (row % 3 == 1)
            {
                Assert.ThrowsExactly<FormatException>(readNumber);
            }
            else
            {
                Assert.AreEqual(row, readNumber()[0]);
            }
        }
    }

    // Columns of 2 MB: eight of them fill a batch, however many rows it might have.
    [TestMethod]
    public void MoveNext_LargeColumnAskedFor_ReadsAheadByBytes()
    {
        var source = new ProbeView(Context.Data.LoadFromEnumerable(
            TinyImages.Pixels(40, 3).Select(image => new LargeRow { Features = image.Pixels, Large = new float[LargeRow.Size] })));
        var scored = _model.Transform(source);
        var most = 0;
        using var cursor = scored.GetRowCursor([scored.Schema["Large"], scored.Schema["Score"]]);

        for (var handed = 1; cursor.MoveNext(); handed++)
        {
            most = Math.Max(most, source.Moved - handed + 1);
        }

        Assert.AreEqual(40, source.Moved);
        Assert.IsLessThanOrEqualTo(8 + 1, most, "rows in memory, and one that is waited for");
    }

    [TestMethod]
    public void MoveNext_ObjectsOfTheUsers_AreHandedOnRowByRow()
    {
        var rows = new ProbeView(Context.Data.LoadFromEnumerable(
            TinyImages.Pixels(8, 3).Select((image, row) => new ObjectRow { Features = image.Pixels, Owner = new Owner(row) })));
        var scored = _model.Transform(rows);
        using var cursor = scored.GetRowCursor([scored.Schema["Owner"], scored.Schema["Score"]]);
        var getter = cursor.GetGetter<Owner>(scored.Schema["Owner"]);

        for (var row = 0; row < 8; row++)
        {
            Assert.IsTrue(cursor.MoveNext());
            Owner value = null!;
            getter(ref value);
            Assert.AreEqual(row, value.Number);
            Assert.AreEqual(row + 1, rows.Moved, "the source stays on the row");
        }
    }

    [TestMethod]
    public void GetIdGetter_SourceWithoutIds_IsAFaultOfThoseWhoAsk()
    {
        var scored = _model.Transform(new ProbeView(_data, hasIds: false));
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);

        Assert.IsTrue(cursor.MoveNext());
        Assert.ThrowsExactly<NotSupportedException>(() => cursor.GetIdGetter());
    }

    [TestMethod]
    [DataRow("Features", "Score")]
    [DataRow("Number", "Score", "Number")]
    public void GetRowCursor_SourceThatGivesNoGetter_LeavesNoCursorOpen(string refused, params string[] wanted)
    {
        var source = new ProbeView(_data, refusedColumn: refused);
        var scored = _model.Transform(source);

        Assert.ThrowsExactly<InvalidOperationException>(() => scored.GetRowCursor(wanted.Select(name => scored.Schema[name])));

        Assert.AreEqual(1, source.Opened);
        Assert.AreEqual(1, source.Disposed);
    }

    [TestMethod]
    public void Dispose_Cursor_DisposesOfTheSourcesOnce()
    {
        var source = new ProbeView(_data);
        var scored = _model.Transform(source);

        using (var cursor = scored.GetRowCursor(scored.Schema))
        {
            cursor.MoveNext();
        }

        Assert.AreEqual(1, source.Opened);
        Assert.AreEqual(1, source.Disposed);
    }

    private static DataViewRowId Value(ValueGetter<DataViewRowId> getter)
    {
        DataViewRowId id = default;
        getter(ref id);
        return id;
    }
}
