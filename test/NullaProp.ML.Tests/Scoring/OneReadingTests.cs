using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Scoring;

/// <summary>
/// Data that is not the same twice, or cannot be read twice: each score is that of its own row, and every row has one. ML.NET's own trainer
/// stands beside: what it can score, this library can.
/// </summary>
[TestClass]
public sealed class OneReadingTests
{
    private const int Rows = 120;

    private static readonly MLContext Context = new(seed: 1);
    private static NoPropTransformer _noProp = null!;
    private static ITransformer _sdca = null!;

    public static IEnumerable<string> Names => Sources.Keys;

    private static Dictionary<string, Func<IDataView>> Sources { get; } = new()
    {
        ["queue that is emptied"] = () => Load(Emptied(new Queue<ImageRow<string>>(Images()))),
        ["blocking collection"] = () => Load(Closed(Images()).GetConsumingEnumerable()),
        ["other rows at each reading"] = () => Load(Generated(new Readings())),
        ["reader with one position"] = () => Load(Lines(new StringReader(string.Join('\n', Enumerable.Range(0, Rows))))),
        ["filter with a memory"] = () => Remembering(Context.Data.LoadFromEnumerable(Images(2 * Rows))),
        ["opened only once"] = () => new ProbeView(Context.Data.LoadFromEnumerable(Images()), mostOpenings: 1),
        ["shuffled anew"] = () => Context.Data.ShuffleRows(Context.Data.LoadFromEnumerable(Images())),
    };

    [ClassInitialize]
    public static void Fit(TestContext context)
    {
        var data = Context.Data.Cache(TinyImages.Keys(Context));
        _noProp = TinyImages.Trainer(Context).Fit(data);
        _sdca = Context.MulticlassClassification.Trainers.SdcaMaximumEntropy("Label", "Features", maximumNumberOfIterations: 5).Fit(data);
    }

    [ClassCleanup]
    public static void Free() => _noProp.Dispose();

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Transform_SourceOfOneReading_GivesEachRowItsOwnScore(string name) => AssertOwnScores(_noProp, Sources[name]());

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Sdca_SourceOfOneReading_GivesEachRowItsOwnScore(string name) => AssertOwnScores(_sdca, Sources[name]());

    // A client sends its next request when it has the answer to the last: to wait for a full batch would be to wait for ever.
    // A cache over the same waits as its source does.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Transform_NextRowComesAfterTheLastScore_DoesNotWaitForIt(bool isCached)
    {
        using var queue = new BlockingCollection<ImageRow<string>>();
        var images = Images(6);
        var requests = Load(queue.GetConsumingEnumerable());
        var scored = _noProp.Transform(isCached ? Context.Data.Cache(requests) : requests);
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        var read = Cells.Reader(cursor, scored.Schema["Score"]);

        foreach (var image in images)
        {
            queue.Add(image);
            Assert.IsTrue(cursor.MoveNext());
            Cells.AssertSame(_noProp.OneByOne(Context, image.Features), read(), 1e-5f, "a request");
        }

        queue.CompleteAdding();
        Assert.IsFalse(cursor.MoveNext());
    }

    [TestMethod]
    public void Transform_EndlessSource_ScoresTheFirstRowBeforeTheSecondIsRead()
    {
        var source = new ProbeView(Load(Endless()));
        var scored = _noProp.Transform(source);
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);

        Assert.IsTrue(cursor.MoveNext());

        Cells.Reader(cursor, scored.Schema["Score"])();
        Assert.AreEqual(1, source.Moved);
    }

    // What was read of a queue is gone: to read it once more, to find the fault, would take more away.
    [TestMethod]
    public void MoveNext_QueueThatFails_TellsHowFarItCameAndReadsNoMore()
    {
        var source = new ProbeView(Load(Failing()));
        var scored = _noProp.Transform(source);
        using var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        for (var row = 0; row < 3; row++)
        {
            Assert.IsTrue(cursor.MoveNext(), $"row {row}");
        }

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => cursor.MoveNext());

        Assert.Contains("beyond its first 3 rows for column 'Features': The line went dead", fault.Message);
        Assert.AreEqual(1, source.Opened);
    }

    private static void AssertOwnScores(ITransformer model, IDataView source)
    {
        var rows = Context.Data.CreateEnumerable<ScoredImage>(model.Transform(source), reuseRowObject: false).ToList();
        using var engine = Context.Model.CreatePredictionEngine<UnlabelledRow, Prediction>(
            model, new PredictionEngineOptions { OwnsTransformer = false });

        Assert.HasCount(Rows, rows);
        for (var row = 0; row < Rows; row++)
        {
            var alone = engine.Predict(new UnlabelledRow { Features = rows[row].Features });
            // sums in another order
            Cells.AssertSame([.. alone.Score.Cast<object>()], [.. rows[row].Score.Cast<object>()], 1e-5f, $"row {row}");
            Assert.AreEqual(alone.PredictedLabel, rows[row].PredictedLabel, $"row {row}");
        }
    }

    private static List<ImageRow<string>> Images(int count = Rows, int seed = 2) =>
        TinyImages.Rows(count, 3, index => TinyImages.Names[index], seed);

    private static IDataView Load(IEnumerable<ImageRow<string>> rows) => Context.Data.LoadFromEnumerable(rows);

    private static IEnumerable<ImageRow<string>> Emptied(Queue<ImageRow<string>> queue)
    {
        while (queue.TryDequeue(out var row))
        {
            yield return row;
        }
    }

    private static BlockingCollection<ImageRow<string>> Closed(List<ImageRow<string>> rows)
    {
        var queue = new BlockingCollection<ImageRow<string>>(new ConcurrentQueue<ImageRow<string>>(rows));
        queue.CompleteAdding();
        return queue;
    }

    private static IEnumerable<ImageRow<string>> Generated(Readings readings)
    {
        foreach (var row in Images(seed: ++readings.Count))
        {
            yield return row;
        }
    }

    private static IEnumerable<ImageRow<string>> Lines(StringReader reader)
    {
        var images = Images();
        while (reader.ReadLine() is { } line)
        {
            yield return images[int.Parse(line, CultureInfo.InvariantCulture)];
        }
    }

    private static IDataView Remembering(IDataView data)
    {
        var seen = 0;
        return Context.Data.FilterByCustomPredicate<ImageRow<string>>(data, _ => seen++ % 4 is 0 or 3); // removes those
    }

    private static IEnumerable<ImageRow<string>> Endless()
    {
        while (true)
        {
            yield return Images(1)[0];
        }
    }

    private static IEnumerable<ImageRow<string>> Failing()
    {
        foreach (var row in Images(3))
        {
            yield return row;
        }

        throw new IOException("The line went dead.");
    }

    private sealed class Readings
    {
        public int Count { get; set; }
    }

    private sealed class ScoredImage
    {
        public float[] Features { get; set; } = [];

        public float[] Score { get; set; } = [];

        public uint PredictedLabel { get; set; }
    }
}
