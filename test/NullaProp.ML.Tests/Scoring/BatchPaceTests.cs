using NullaProp.ML.Scoring;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Scoring;

[TestClass]
public sealed class BatchPaceTests
{
    [TestMethod]
    public void IsFull_RowsThatCome_GrowFourfoldToTheMost()
    {
        var pace = new BatchPace(100, new ManualTime());

        var sizes = Enumerable.Range(0, 6).Select(_ => FilledBatch(pace)).ToArray();

        CollectionAssert.AreEqual(new[] { 1, 4, 16, 64, 100, 100 }, sizes);
    }

    [TestMethod]
    public void IsFull_LargeValues_EndTheBatchWithoutGrowth()
    {
        var pace = new BatchPace(100, new ManualTime());
        FilledBatch(pace);

        Assert.IsTrue(pace.IsFull(1, BatchPace.MostBytes));
        pace.End(1, hasWaited: false);

        Assert.AreEqual(4, FilledBatch(pace));
    }

    [TestMethod]
    public void End_RowThatDidNotCome_MakesTheNextBatchAsLargeAsThisOne()
    {
        var pace = new BatchPace(100, new ManualTime());
        FilledBatch(pace);
        FilledBatch(pace);

        pace.End(3, hasWaited: true);

        Assert.AreEqual(3, FilledBatch(pace));
    }

    // 10 ms for a row, 50 ms for a batch.
    [TestMethod]
    [DataRow(0, 10)]
    [DataRow(39, 10)]
    [DataRow(45, 5)]
    [DataRow(50, 0)]
    [DataRow(1000, 0)]
    public void Patience_TimeSinceTheFirstRow_IsBounded(int elapsed, int expected)
    {
        var clock = new ManualTime();
        var pace = new BatchPace(100, clock);
        pace.Start();

        clock.Milliseconds += elapsed;

        Assert.AreEqual(TimeSpan.FromMilliseconds(expected), pace.Patience);
    }

    private static int FilledBatch(BatchPace pace)
    {
        var rows = 1;
        while (!pace.IsFull(rows, 0))
        {
            rows++;
        }

        pace.End(rows, hasWaited: false);
        return rows;
    }
}
