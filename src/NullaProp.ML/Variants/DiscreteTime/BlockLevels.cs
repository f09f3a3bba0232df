using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Variants;

/// <summary>The noise levels of discrete time.</summary>
internal static class BlockLevels
{
    /// <summary>Returns the levels from noise to label: that which each block reads, and that which the last one leads to.</summary>
    /// <param name="options">The number of blocks T and their placement.</param>
    /// <param name="schedule">The noise schedule.</param>
    /// <returns>T + 1 levels, rising; the i-th has the time i/T.</returns>
    public static IReadOnlyList<NoiseLevel> Of(DiscreteTime options, NoiseSchedule schedule)
    {
        var count = options.BlockCount;
        double[] times = [.. Enumerable.Range(0, count + 1).Select(i => (double)i / count)];
        if (options.BlockMaxLogSnr is not { } most)
        {
            return schedule.Levels(times);
        }

        var ends = schedule.Levels([0, 1]);
        var rise = count == 1 ? 0 : (most - ends[0].LogSnr) / (count - 1); // from block to block
        return [.. times.Take(count).Select((t, i) => new NoiseLevel(t, ends[0].LogSnr + (rise * i), rise * count)), ends[1]];
    }
}
