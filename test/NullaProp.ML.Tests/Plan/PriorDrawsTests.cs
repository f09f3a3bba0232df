using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class PriorDrawsTests
{
    [TestMethod]
    public void Points_NoDraws_AreThePriorsMean()
    {
        var points = PriorDraws.Of(0, 4, new RandomStreams(9));

        CollectionAssert.AreEqual(new float[4], points.Values);
        CollectionAssert.AreEqual(new long[] { 1, 4 }, points.Shape);
    }

    [TestMethod]
    public void Points_SameSeed_AreTheSameAndAnotherSeedsDiffer()
    {
        var first = PriorDraws.Of(3, 4, new RandomStreams(-9));
        var again = PriorDraws.Of(3, 4, new RandomStreams(-9));
        var other = PriorDraws.Of(3, 4, new RandomStreams(8));

        CollectionAssert.AreEqual(new long[] { 3, 4 }, first.Shape);
        CollectionAssert.AreEqual(first.Values, again.Values);
        CollectionAssert.AreNotEqual(first.Values, other.Values);
    }

    [TestMethod]
    public void Points_ManyDraws_AreStandardNormal()
    {
        using var scope = NewDisposeScope();

        var points = PriorDraws.Of(2000, 10, new RandomStreams(1)).ToTensor();

        // 20,000 numbers, five standard errors: 1/√n for the mean, √(2/n) for the variance.
        Assert.AreEqual(0, points.mean().item<float>(), 5 / Math.Sqrt(20_000));
        Assert.AreEqual(1, points.var().item<float>(), 5 * Math.Sqrt(2 / 20_000.0));
    }
}
