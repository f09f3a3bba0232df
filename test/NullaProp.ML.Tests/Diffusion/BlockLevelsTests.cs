using NullaProp.ML.Diffusion;
using NullaProp.ML.Variants;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class BlockLevelsTests
{
    private static readonly LinearNoiseSchedule Schedule = new(-7, 5);

    [TestMethod]
    public void Of_BeforeLabelShows_SpreadsTheBlocksToTheHighestLevelTheyMayReadAndEndsAtTheLabel()
    {
        var levels = BlockLevels.Of(new DiscreteTime { BlockCount = 4, BlockMaxLogSnr = -1 }, Schedule);

        AssertLogSnr([-7, -5, -3, -1, 5], levels);
    }

    [TestMethod]
    public void Of_EvenInTime_FollowsTheSchedule()
    {
        var levels = BlockLevels.Of(new DiscreteTime { BlockCount = 4, BlockMaxLogSnr = null }, Schedule);

        AssertLogSnr([-7, -4, -1, 2, 5], levels);
    }

    [TestMethod]
    [DataRow(-4.0)]
    [DataRow(null)]
    public void Of_OneBlock_GoesFromNoiseToLabel(double? highest)
    {
        var levels = BlockLevels.Of(new DiscreteTime { BlockCount = 1, BlockMaxLogSnr = highest }, Schedule);

        AssertLogSnr([-7, 5], levels);
    }

    private static void AssertLogSnr(double[] expected, IReadOnlyList<NoiseLevel> levels)
    {
        Assert.HasCount(expected.Length, levels);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(expected[i], levels[i].LogSnr, 1e-12);
            Assert.AreEqual((double)i / (expected.Length - 1), levels[i].Time, 1e-12);
        }
    }
}
