namespace NullaProp.ML.Samples.Reporting;

/// <summary>The range of an axis and the round numbers marked on it.</summary>
internal sealed record AxisScale(double Minimum, double Maximum, IReadOnlyList<double> Ticks)
{
    private const int MostTicks = 8;

    /// <summary>Returns a scale that begins and ends at a round number and holds all values.</summary>
    /// <param name="values">One value or more.</param>
    /// <param name="smallestStep">The least distance of two ticks: 1 for epochs, which have no halves.</param>
    public static AxisScale Of(IReadOnlyCollection<double> values, double smallestStep = 0)
    {
        var (low, high) = (values.Min(), values.Max());
        var step = Step(high > low ? high - low : Math.Max(Math.Abs(high), 1), smallestStep);
        var first = Math.Floor(low / step);
        var last = Math.Max(Math.Ceiling(high / step), first + 1); // A single value still needs a range.
        return new AxisScale(first * step, last * step, [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)]);
    }

    /// <summary>Returns where a value lies between the minimum (0) and the maximum (1).</summary>
    public float Position(double value) => (float)((value - Minimum) / (Maximum - Minimum));

    // 1, 2 or 5 times a power of ten: the smallest that gives few enough ticks.
    private static double Step(double range, double smallestStep)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(range / MostTicks)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(candidate => range / candidate <= MostTicks);
        return Math.Max(step, smallestStep);
    }
}
