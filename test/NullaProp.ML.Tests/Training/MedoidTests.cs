using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class MedoidTests
{
    private const int ManyColumns = 5000; // more than are multiplied at once

    // Points on a line, each with the distances that decide.
    public static IEnumerable<object[]> Lines =>
    [
        [new float[] { 7 }, 0, 0, 0],
        [new float[] { 3, 5 }, 0, 0, 0], // equal: the first
        [new float[] { 5, 5, 5 }, 0, 0, 0],
        // sum: the mean is 40.8; medians with the 0: 2, 1, 2, 98, 99; of the four others the lower: the same
        [new float[] { 0, 1, 2, 100, 101 }, 2, 1, 1],
        [new float[] { 101, 0, 100, 1, 2 }, 4, 3, 3], // the same in another order
        // sum: the mean is 8.5; lower medians with the 0: 10, 1, 1, 2; medians of the three others: 11, 3, 2, 3
        [new float[] { 0, 10, 11, 13 }, 1, 1, 2],
        [new float[] { 1_000_000, 1_000_010, 1_000_011, 1_000_013 }, 1, 1, 2], // squares beyond single precision
    ];

    [TestMethod]
    [DynamicData(nameof(Lines))]
    public void Medoids_PointsOnALine_AreThoseByHand(float[] line, int bySum, int byMedian, int byMedianOfOthers)
    {
        using var points = tensor(line).unsqueeze(1);

        Assert.AreEqual(bySum, Medoid.BySumOfSquares(points));
        Assert.AreEqual(byMedian, Medoid.ByMedian(points));
        Assert.AreEqual(byMedianOfOthers, Medoid.ByMedianOfOthers(points));
    }

    [TestMethod]
    [DynamicData(nameof(Lines))]
    public void Medoids_ManyColumnsOfWhichTheLastDiffers_AreTheSame(float[] line, int bySum, int byMedian, int byMedianOfOthers)
    {
        using var scope = NewDisposeScope();
        var points = zeros(line.Length, ManyColumns);
        points.select(1, ManyColumns - 1).copy_(tensor(line));

        Assert.AreEqual(bySum, Medoid.BySumOfSquares(points));
        Assert.AreEqual(byMedian, Medoid.ByMedian(points));
        Assert.AreEqual(byMedianOfOthers, Medoid.ByMedianOfOthers(points));
    }

    [TestMethod]
    [DataRow(9)]
    [DataRow(10)]
    public void Medoids_RandomPoints_AreThoseOfPlainLoops(int count)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var points = randn(count, 6, generator: generator);

        Assert.AreEqual(Best(points, distances => distances.Sum(distance => distance * distance)), Medoid.BySumOfSquares(points));
        Assert.AreEqual(Best(points, distances => distances.Order().ElementAt((count - 1) / 2)), Medoid.ByMedian(points));
        // the first is its own
        Assert.AreEqual(Best(points, distances => distances.Order().Skip(1).ElementAt((count - 2) / 2)), Medoid.ByMedianOfOthers(points));
    }

    [TestMethod]
    public void Medoids_AnyPoints_LeaveNoTensor()
    {
        using var points = ones(3, 2);
        var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Medoid.BySumOfSquares(points);
        Medoid.ByMedian(points);
        Medoid.ByMedianOfOthers(points);

        Assert.AreEqual(before, TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static int Best(Tensor points, Func<double[], double> cost)
    {
        var rows = points.unbind().Select(row => row.data<float>().ToArray()).ToArray();
        var costs = rows
            .Select(a => cost([.. rows.Select(b => Math.Sqrt(a.Zip(b).Sum(pair => Math.Pow((double)pair.First - pair.Second, 2))))]))
            .ToArray();
        return Array.IndexOf(costs, costs.Min());
    }
}
