using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class BlockLevelsTests
{
    private static readonly LinearNoiseSchedule Schedule = new(-7, 5);

    [TestMethod]
    public void Of_BeforeLabelShows_SpreadsTheBlocksToTheHighestLevelTheyMayReadAndEndsAtTheLabel()
    {
        var levels = BlockLevels.Of(new NoPropOptions { BlockCount = 4, BlockMaxLogSnr = -1 }, Schedule);

        AssertLogSnr([-7, -5, -3, -1, 5], levels);
    }

    [TestMethod]
    public void Of_EvenInTime_FollowsTheSchedule()
    {
        var levels = BlockLevels.Of(new NoPropOptions { BlockCount = 4, BlockPlacement = BlockPlacement.EvenInTime }, Schedule);

        AssertLogSnr([-7, -4, -1, 2, 5], levels);
    }

    [TestMethod]
    [DataRow(BlockPlacement.BeforeLabelShows)]
    [DataRow(BlockPlacement.EvenInTime)]
    public void Of_OneBlock_GoesFromNoiseToLabel(BlockPlacement placement)
    {
        var levels = BlockLevels.Of(new NoPropOptions { BlockCount = 1, BlockPlacement = placement }, Schedule);

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
