using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Scoring;

/// <summary>A source is read on one thread from its first row to its end: what it keeps there is there at the next row.</summary>
[TestClass]
public sealed class SourceRowsTests
{
    private const int Rows = 40;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly AsyncLocal<int> Flowing = new();
    private static readonly object Shared = new();

    [ThreadStatic]
    private static int _kept;

    private static Dictionary<string, Func<IEnumerable<float>>> Sources { get; } = new()
    {
        ["a value of the thread"] = OfThread,
        ["a value of the context"] = OfContext,
        ["a culture"] = OfCulture,
        ["a lock"] = Locked,
    };

    public static IEnumerable<string> Names => Sources.Keys;

    [TestMethod]
    [DynamicData(nameof(Names))]
    public void Transform_SourceThatKeepsSomethingOnItsThread_ReadsEveryRowAsItIs(string name)
    {
        using var model = TinyImages.Trainer(Context).Fit(Context.Data.Cache(TinyImages.Keys(Context)));
        var images = Sources[name]().Select(value => new UnlabelledRow { Features = [.. Enumerable.Repeat(value, TinyImages.Size)] });

        var scored = model.Transform(Context.Data.LoadFromEnumerable(images));

        var first = scored.GetColumn<float[]>("Features").Select(features => features[0]).ToArray();
        var withScores = Context.Data.CreateEnumerable<ScoredImage>(scored, reuseRowObject: false).Select(row => row.Features[0]).ToArray();
        CollectionAssert.AreEqual(Expected(), first);
        CollectionAssert.AreEqual(Expected(), withScores);
    }

    [TestMethod]
    public void Transform_AnySource_IsReadAndDisposedOfOnOneThreadOfItsOwn()
    {
        using var model = TinyImages.Trainer(Context).Fit(Context.Data.Cache(TinyImages.Keys(Context)));
        List<(Thread Thread, bool IsOfPool)> threads = [];

        var scored = model.Transform(Context.Data.LoadFromEnumerable(Noted(threads)));
        _ = Context.Data.CreateEnumerable<ScoredImage>(scored, reuseRowObject: false).Take(10).ToList();

        var only = threads.Distinct().Single();
        Assert.IsFalse(only.IsOfPool);
        Assert.AreNotSame(Thread.CurrentThread, only.Thread);
        Assert.IsFalse(only.Thread.IsAlive, "The cursor is disposed of, and its thread lives.");
    }

    [TestMethod]
    public void Dispose_WhileTheSourceWaitsForItsNextRow_DoesNotWaitForIt()
    {
        using var model = TinyImages.Trainer(Context).Fit(Context.Data.Cache(TinyImages.Keys(Context)));
        using var gate = new ManualResetEventSlim();
        using var closed = new ManualResetEventSlim();
        var scored = model.Transform(Context.Data.LoadFromEnumerable(Waiting()));
        var cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        Assert.IsTrue(cursor.MoveNext() && cursor.MoveNext()); // the third is asked for, and does not come

        var disposing = Task.Run(cursor.Dispose);

        Assert.IsTrue(disposing.Wait(TimeSpan.FromSeconds(30)), "It waits for a row that nobody will read.");
        Assert.IsFalse(closed.IsSet);
        gate.Set();
        Assert.IsTrue(closed.Wait(TimeSpan.FromSeconds(30)), "The source stays open.");

        IEnumerable<UnlabelledRow> Waiting()
        {
            try
            {
                yield return new UnlabelledRow { Features = new float[TinyImages.Size] };
                yield return new UnlabelledRow { Features = new float[TinyImages.Size] };
                gate.Wait();
            }
            finally
            {
                closed.Set();
            }
        }
    }

    private static float[] Expected() => [.. Values()];

    private static IEnumerable<float> Values() => Enumerable.Range(0, Rows).Select(row => row + 1.5f);

    private static IEnumerable<float> OfThread()
    {
        for (_kept = 0; _kept < Rows; _kept++)
        {
            yield return _kept + 1.5f;
        }
    }

    private static IEnumerable<float> OfContext()
    {
        for (Flowing.Value = 0; Flowing.Value < Rows; Flowing.Value++)
        {
            yield return Flowing.Value + 1.5f;
        }
    }

    private static IEnumerable<float> OfCulture()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
        try
        {
            for (var row = 0; row < Rows; row++)
            {
                yield return float.Parse($"{row + 1},5", CultureInfo.CurrentCulture);
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private static IEnumerable<float> Locked()
    {
        lock (Shared)
        {
            foreach (var value in Values())
            {
                yield return value;
            }
        }
    }

    private static IEnumerable<UnlabelledRow> Noted(List<(Thread Thread, bool IsOfPool)> threads)
    {
        try
        {
            for (var row = 0; row < Rows; row++)
            {
                threads.Add((Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread));
                yield return new UnlabelledRow { Features = [.. Enumerable.Repeat(row + 1.5f, TinyImages.Size)] };
            }
        }
        finally
        {
            threads.Add((Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread));
        }
    }

    private sealed class ScoredImage
    {
        public float[] Features { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
