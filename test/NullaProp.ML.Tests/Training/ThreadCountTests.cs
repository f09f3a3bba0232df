using NullaProp.ML.Tests.Support;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>The number of threads of libtorch during a training.</summary>
[TestClass]
public sealed class ThreadCountTests
{
    [TestMethod]
    public void Dispose_LastOfSeveral_PutsTheNumberBack()
    {
        var before = get_num_threads();
        var first = new ThreadCount(before + 1);
        var second = new ThreadCount(before + 2);
        var inside = get_num_threads();

        first.Dispose();
        var afterFirst = get_num_threads();
        second.Dispose();

        Assert.AreEqual(before + 2, inside);
        Assert.AreEqual(before + 2, afterFirst);
        Assert.AreEqual(before, get_num_threads());
    }

    // The number of a thread is not that of a training that ended earlier than another one, nor that of one beside.
    [TestMethod]
    public void Create_AfterOneThatEndedBesideAnother_StartsFromTheThreadsOwnNumber()
    {
        var before = Math.Min(get_num_threads(), Environment.ProcessorCount);
        var first = new ThreadCount(1);
        using var otherLives = new SemaphoreSlim(0);
        using var firstHasEnded = new SemaphoreSlim(0);
        var beside = 0;
        var other = new Thread(() =>
        {
            using var count = new ThreadCount(threads: null);
            beside = get_num_threads();
            otherLives.Release();
            firstHasEnded.Wait();
        });
        other.Start();
        otherLives.Wait();
        first.Dispose();

        var second = new ThreadCount(threads: null);
        var here = get_num_threads();
        firstHasEnded.Release();
        other.Join();
        second.Dispose();

        Assert.AreEqual(before, beside);
        Assert.AreEqual(before, here);
        Assert.AreEqual(before, Math.Min(get_num_threads(), Environment.ProcessorCount));
    }

    [TestMethod]
    public void Create_Nothing_StaysWithinTheProcessorsOfTheProcess()
    {
        var before = get_num_threads();
        set_num_threads(Environment.ProcessorCount + 3);
        try
        {
            using var threads = new ThreadCount(threads: null);

            Assert.AreEqual(Environment.ProcessorCount, get_num_threads());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [TestMethod]
    public void Dispose_OneWithinAnother_GivesItItsNumberBack()
    {
        var before = get_num_threads();
        using (new ThreadCount(before + 2))
        {
            using (new ThreadCount(before + 1))
            {
            }

            Assert.AreEqual(before + 2, get_num_threads());
        }

        Assert.AreEqual(before, get_num_threads());
    }

    [TestMethod]
    public void Fit_ThreadsThatAreAskedFor_AreThoseOfTheTrainingAlone()
    {
        var context = new Microsoft.ML.MLContext(seed: 1);
        var before = get_num_threads();
        var seen = 0;
        var run = new NoPropRun { Threads = before + 1, Progress = new Callback(() => seen = get_num_threads()) };

        using var model = TinyImages.Trainer(context).Fit(TinyImages.Keys(context), run);

        Assert.AreEqual(before + 1, seen);
        Assert.AreEqual(before, get_num_threads());
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(1025)]
    public void Fit_ThreadsOutOfRange_AreRefused(int threads)
    {
        var context = new Microsoft.ML.MLContext(seed: 1);

        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(
            () => TinyImages.Trainer(context).Fit(TinyImages.Keys(context), new NoPropRun { Threads = threads }));

        Assert.Contains($"Threads is {threads}, but must be from 1 to 1024, or null", fault.Message);
    }

    private sealed class Callback(Action call) : IProgress<NoPropProgress>
    {
        public void Report(NoPropProgress value) => call();
    }
}
