using NullaProp.ML.Reading;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.TrainingImages;

[TestClass]
public sealed class ImageStoreTests
{
    private static readonly ImageShape Shape = new(2, 1, 3);

    [TestMethod]
    public void Gather_WholeNumbersUpTo255_StayBytes()
    {
        var store = new ImageStore(Shape);
        store.Add([0, 1, 2, 253, 254, 255], 4);
        store.Add([5, 5, 5, 5, 5, 5], 0);

        using var batch = store.Gather([1, 0]);

        Assert.AreEqual(ScalarType.Byte, batch.Pixels.dtype);
        CollectionAssert.AreEqual(new long[] { 2, 2, 1, 3 }, batch.Pixels.shape);
        CollectionAssert.AreEqual(new byte[] { 5, 5, 5, 5, 5, 5, 0, 1, 2, 253, 254, 255 }, batch.Pixels.data<byte>().ToArray());
        CollectionAssert.AreEqual(new long[] { 0, 4 }, batch.Labels.data<long>().ToArray());
    }

    [TestMethod]
    [DataRow(0.5f)]
    [DataRow(-1f)]
    [DataRow(256f)]
    [DataRow(254.99998f)] // the next number below 255
    [DataRow(float.NaN)]
    [DataRow(float.PositiveInfinity)]
    [DataRow(float.NegativeInfinity)]
    public void Add_PixelThatIsNoByte_TurnsToFloatsAndKeepsEarlierRows(float pixel)
    {
        var store = new ImageStore(Shape);
        store.Add([0, 1, 2, 253, 254, 255], 1);

        store.Add([9, 9, pixel, 9, 9, 9], 2);
        store.Add([7, 7, 7, 7, 7, 7], 3);

        using var batch = store.Gather([0, 1, 2]);
        Assert.AreEqual(ScalarType.Float32, batch.Pixels.dtype);
        CollectionAssert.AreEqual(
            new[] { 0, 1, 2, 253, 254, 255, 9, 9, pixel, 9, 9, 9, 7, 7, 7, 7, 7, 7 },
            batch.Pixels.data<float>().ToArray());
        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, store.Labels.ToArray());
    }

    // Rows are kept in chunks of 1,024.
    [TestMethod]
    [DataRow(1023)]
    [DataRow(1024)]
    [DataRow(1025)]
    [DataRow(2048)]
    public void Add_FractionAfterAnyNumberOfRows_KeepsAllOfThem(int rows)
    {
        var store = new ImageStore(new ImageShape(1, 1, 2));
        for (var i = 0; i < rows; i++)
        {
            store.Add([i % 256, i / 256], i);
        }

        store.Add([0.25f, 0.75f], rows);

        using var batch = store.Gather(store.EvenRows(int.MaxValue));
        float[] expected = [.. Enumerable.Range(0, rows).SelectMany(i => new[] { i % 256f, i / 256 }), 0.25f, 0.75f];
        CollectionAssert.AreEqual(expected, batch.Pixels.data<float>().ToArray());
        CollectionAssert.AreEqual(Enumerable.Range(0, rows + 1).Select(i => (long)i).ToArray(), batch.Labels.data<long>().ToArray());
    }

    [TestMethod]
    public void Gather_RowsRepeatedAndOutOfOrder_ComeAsAsked()
    {
        var store = new ImageStore(new ImageShape(1, 1, 1));
        foreach (var i in Enumerable.Range(0, 5))
        {
            store.Add([i], 10 + i);
        }

        using var batch = store.Gather([4, 0, 4, 2]);

        CollectionAssert.AreEqual(new byte[] { 4, 0, 4, 2 }, batch.Pixels.data<byte>().ToArray());
        CollectionAssert.AreEqual(new long[] { 14, 10, 14, 12 }, batch.Labels.data<long>().ToArray());
    }

    [TestMethod]
    public void Gather_Weighted_BringsEachRowsWeight()
    {
        var store = new ImageStore(new ImageShape(1, 1, 1));
        float[] given = [4, 0, 1, 7];
        foreach (var weight in given)
        {
            store.Add([0], 0, weight);
        }

        store.Replace(1, [0], 0, 3);
        store.Remove(0); // the last takes its place
        using var unweighted = store.Gather([0, 1, 2]);
        store.Weights = Weights(7, 3, 1);
        using var weighted = store.Gather([2, 0, 1]);

        // 1, 7 and 3 over their mean 11/3.
        Assert.IsNull(unweighted.Weights);
        CollectionAssert.AreEqual(new[] { 3f / 11, 21f / 11, 9f / 11 }, weighted.Weights!.data<float>().ToArray());
    }

    [TestMethod]
    public void Gather_Disposed_LeavesNoTensor()
    {
        var store = new ImageStore(Shape) { Weights = Weights(1) };
        store.Add([0, 1, 2, 3, 4, 5], 0);
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        store.Gather([0, 0]).Dispose();

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [TestMethod]
    [DataRow(3, 10, new long[] { 0, 3, 6 })] // ⌊i·10/3⌋
    [DataRow(10, 10, new long[] { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 })]
    [DataRow(99, 4, new long[] { 0, 1, 2, 3 })]
    [DataRow(5, 0, new long[0])]
    public void EvenRows_OfAStore_SpreadOverIt(int most, int rows, long[] expected)
    {
        var store = new ImageStore(new ImageShape(1, 1, 1));
        for (var i = 0; i < rows; i++)
        {
            store.Add([0], 0);
        }

        CollectionAssert.AreEqual(expected, store.EvenRows(most));
    }

    [TestMethod]
    [DataRow(0f)] // bytes
    [DataRow(0.5f)] // floats
    public void ChannelStatistics_KnownImages_AreMeanAndDeviationByHand(float offset)
    {
        var store = new ImageStore(Shape);
        store.Add([1 + offset, 2 + offset, 3 + offset, 7 + offset, 7 + offset, 7 + offset], 0);
        store.Add([4 + offset, 5 + offset, 9 + offset, 7 + offset, 7 + offset, 7 + offset], 1);

        var (mean, deviation) = store.ChannelStatistics();

        // 1, 2, 3, 4, 5, 9: mean 4, mean square 136/6, deviation √(136/6 − 16) = √(20/3). The other channel never changes.
        Assert.AreEqual(4 + offset, mean[0], 1e-12);
        Assert.AreEqual(Math.Sqrt(20.0 / 3), deviation[0], 1e-12);
        Assert.AreEqual(7 + offset, mean[1], 1e-12);
        Assert.AreEqual(0, deviation[1]);
    }

    private static RowWeights Weights(params float[] ofRows)
    {
        var totals = new ClassTotals(1);
        foreach (var weight in ofRows)
        {
            totals.Add(new LabelledRow(0, weight));
        }

        return RowWeights.Of(new NoPropOptions { ExampleWeightColumnName = "Weight" }, totals, ["a"])!;
    }
}
