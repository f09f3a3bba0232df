namespace NullaProp.ML.Benchmarks.Measuring;

/// <summary>What several measurements of one thing gave: the median, and how far they spread around it.</summary>
/// <param name="Median">The middle value.</param>
/// <param name="LowerQuartile">A quarter of the values lie below.</param>
/// <param name="UpperQuartile">A quarter of the values lie above.</param>
/// <param name="Least">The smallest value.</param>
/// <param name="Most">The largest value.</param>
/// <param name="Runs">The number of values.</param>
internal sealed record Spread(double Median, double LowerQuartile, double UpperQuartile, double Least, double Most, int Runs)
{
    /// <summary>Returns the spread of some values, at least one.</summary>
    /// <exception cref="ArgumentException">One is not a number: sorted, it would hide behind the others.</exception>
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        if (double.IsNaN(sorted[0]))
        {
            throw new ArgumentException("A measured value is not a number.", nameof(values));
        }

        return new(Quantile(sorted, 0.5), Quantile(sorted, 0.25), Quantile(sorted, 0.75), sorted[0], sorted[^1], sorted.Length);
    }

    /// <summary>Returns the spread of a falling function of the values, such as a rate of a time.</summary>
    public Spread Inverse(Func<double, double> falling) =>
        new(falling(Median), falling(UpperQuartile), falling(LowerQuartile), falling(Most), falling(Least), Runs);

    // Linear between the two values around the place.
    private static double Quantile(double[] sorted, double share)
    {
        var place = share * (sorted.Length - 1);
        var below = (int)place;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((place - below) * (sorted[above] - sorted[below]));
    }
}
