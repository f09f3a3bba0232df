using NullaProp.ML.Training;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class LearningRatesTests
{
    private static readonly NoPropOptions Options = new() { LearningRate = 0.4, WarmupFraction = 0.2 };

    // Ten steps, two of them warm-up: ½ and all of the rate, then half a cosine over eight steps, (1 + cos(π·k/8))/2 of it.
    [TestMethod]
    [DataRow(0, 0.2)]
    [DataRow(1, 0.4)]
    [DataRow(2, 0.4)] // cos 0
    [DataRow(4, 0.4 * 0.85355339059327373)] // (1 + cos π/4)/2
    [DataRow(6, 0.2)] // cos π/2
    [DataRow(9, 0.4 * 0.0380602337443566)] // (1 + cos 7π/8)/2
    public void At_CosineWithWarmup_IsTheValueByHand(int step, double expected)
    {
        Assert.AreEqual(expected, new LearningRates(Options, 10).At(step), 1e-12);
    }

    // 3,000 epochs of a million steps are more than an int counts.
    [TestMethod]
    public void At_MoreStepsThanAnIntCounts_StillFalls()
    {
        var rates = new LearningRates(Options with { WarmupFraction = 0 }, 3_000_000_000);

        Assert.AreEqual(0.5 * Options.LearningRate, rates.At(1_500_000_000), 1e-12);
        Assert.AreEqual(0, rates.At(2_999_999_999), 1e-12);
    }

    [TestMethod]
    public void At_Constant_IsTheRateAtEveryStepBehindTheRise()
    {
        var rises = new LearningRates(Options with { LearningRateSchedule = LearningRateSchedule.Constant, WarmupFraction = 0.2 }, 10);
        var rate = new LearningRates(Options with { LearningRateSchedule = LearningRateSchedule.Constant, WarmupFraction = 0 }, 10);

        CollectionAssert.AreEqual(new[] { 0.2, 0.4, 0.4, 0.4 }, new[] { 0, 1, 2, 9 }.Select(step => rises.At(step)).ToArray());

        Assert.IsTrue(Enumerable.Range(0, 10).All(step => rate.At(step) == 0.4));
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(0.3)]
    [DataRow(1.0)]
    public void At_AnyWarmup_StaysAboveZeroAndWithinTheRate(double warmup)
    {
        foreach (var steps in new[] { 1, 2, 7, 100 })
        {
            var rate = new LearningRates(Options with { WarmupFraction = warmup }, steps);

            // One rounding above the rate itself.
            Assert.IsTrue(Enumerable.Range(0, steps).All(step => rate.At(step) is > 0 and <= 0.4 + 1e-15), $"{steps} steps");
        }
    }

    [TestMethod]
    public void At_NoWarmup_StartsAtTheRate()
    {
        Assert.AreEqual(0.4, new LearningRates(Options with { WarmupFraction = 0 }, 10).At(0));
    }

    [TestMethod]
    public void At_WarmupOfAllSteps_RisesToTheRate()
    {
        var rate = new LearningRates(Options with { WarmupFraction = 1 }, 4);

        // A quarter, a half, three quarters, all.
        double[] expected = [0.1, 0.2, 0.3, 0.4];
        for (var step = 0; step < 4; step++)
        {
            Assert.AreEqual(expected[step], rate.At(step), 1e-15);
        }
    }

    [TestMethod]
    [DataRow("backbone.output.weight", 1.0)]
    [DataRow("head.output.weight", 1.0)]
    [DataRow("backbone.layer4.2.conv1.weight", 0.1)]
    [DataRow("backbone.layer3.0.conv1.weight", 0.1 / 2.6)]
    [DataRow("backbone.conv1.weight", 0.1 / (2.6 * 2.6 * 2.6 * 2.6))]
    public void Share_OfAPretrainedNetworkAlone_FallsWithTheDepth(string name, double share)
    {
        Assert.AreEqual(share, LearningRates.Share(NoPropOptions.Photos, name), 1e-12);
        Assert.AreEqual(1, LearningRates.Share(NoPropOptions.Photos with { Backbone = NoPropBackbone.ResNet18 }, name));
    }
}
