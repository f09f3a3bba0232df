using NullaProp.ML.TrainingImages;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.TrainingImages;

/// <summary>Batches that are made while the one before is at work.</summary>
[TestClass]
public sealed class BatchPrefetchTests
{
    // As a source needs it that holds a lock from row to row, or keeps something with its thread.
    [TestMethod]
    public void MakeOneAhead_Source_IsReadFromItsFirstRowToItsDisposalOnOneOtherThread()
    {
        var threads = new List<int>();

        var labels = BatchPrefetch.MakeOneAhead(Batches(5)).Select(Label).ToList();

        CollectionAssert.AreEqual(new long[] { 0, 1, 2, 3, 4 }, labels);
        Assert.HasCount(6, threads);
        Assert.HasCount(1, threads.Distinct());
        Assert.AreNotEqual(Environment.CurrentManagedThreadId, threads[0]);

        IEnumerable<ImageBatch> Batches(int count)
        {
            try
            {
                for (var i = 0; i < count; i++)
                {
                    threads.Add(Environment.CurrentManagedThreadId);
                    yield return Batch(i);
                }
            }
            finally
            {
                threads.Add(Environment.CurrentManagedThreadId);
            }
        }
    }

    [TestMethod]
    public void MakeOneAhead_SourceFails_GivesTheBatchesBeforeAndThrowsItsFault()
    {
        var read = new List<long>();

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => read.AddRange(BatchPrefetch.MakeOneAhead(Failing()).Select(Label)));

        Assert.AreEqual("no more", fault.Message);
        CollectionAssert.AreEqual(new long[] { 0, 1 }, read);

        static IEnumerable<ImageBatch> Failing()
        {
            yield return Batch(0);
            yield return Batch(1);
            throw new InvalidOperationException("no more");
        }
    }

    [TestMethod]
    public void MakeOneAhead_Abandoned_ClosesTheSourceAndFreesWhatWasMade()
    {
        var (made, isClosed) = (new List<ImageBatch>(), false);

        foreach (var batch in BatchPrefetch.MakeOneAhead(Endless()))
        {
            batch.Dispose();
            break;
        }

        Assert.IsTrue(isClosed);
        Assert.IsLessThan(3, made.Count);
        Assert.IsTrue(made.TrueForAll(batch => batch.Pixels.IsInvalid));

        IEnumerable<ImageBatch> Endless()
        {
            try
            {
                for (var i = 0; ; i++)
                {
                    made.Add(Batch(i));
                    yield return made[^1];
                }
            }
            finally
            {
                isClosed = true;
            }
        }
    }

    // Its memory is libtorch's: whoever fills it must be done before it goes.
    [TestMethod]
    public void FillOneAhead_AbandonedWhileTheNextIsFilled_WaitsForItAndFreesIt()
    {
        using var gate = new ManualResetEventSlim();
        var (made, filled) = (new List<ImageBatch>(), 0);
        var batches = BatchPrefetch.FillOneAhead([0, 1, 2], Allocate, Fill).GetEnumerator();
        Assert.IsTrue(batches.MoveNext());
        batches.Current.Dispose();

        var leaving = new Thread(batches.Dispose);
        leaving.Start();

        SpinWait.SpinUntil(() => (leaving.ThreadState & (ThreadState.WaitSleepJoin | ThreadState.Stopped)) != 0);
        Assert.IsTrue(leaving.IsAlive, "It did not wait.");
        Assert.IsFalse(made[1].Pixels.IsInvalid, "It freed what is still filled.");
        gate.Set();
        leaving.Join();
        Assert.AreEqual(2, filled);
        Assert.HasCount(2, made);
        Assert.IsTrue(made.TrueForAll(batch => batch.Pixels.IsInvalid));

        ImageBatch Allocate(int part)
        {
            made.Add(Batch(part));
            return made[^1];
        }

        void Fill(ImageBatch batch, int part)
        {
            if (part == 1)
            {
                gate.Wait();
            }

            Interlocked.Increment(ref filled);
        }
    }

    private static long Label(ImageBatch batch)
    {
        using (batch)
        {
            return batch.Labels.item<long>();
        }
    }

    private static ImageBatch Batch(long label) => new(
        zeros(1, 1, 8, 8, dtype: ScalarType.Float32, device: CPU), tensor(label, dtype: ScalarType.Int64, device: CPU));
}
