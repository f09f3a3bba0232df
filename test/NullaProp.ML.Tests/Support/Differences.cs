namespace NullaProp.ML.Tests.Support;

/// <summary>How far numbers are from what they should be.</summary>
internal static class Differences
{
    /// <summary>Returns the largest difference; NaN where one is no number, which the maximum of LINQ would pass over.</summary>
    /// <param name="expected">The numbers, at least one.</param>
    /// <param name="actual">As many others.</param>
    public static double Largest(IEnumerable<float> expected, IEnumerable<float> actual)
    {
        float[] wanted = [.. expected];
        float[] found = [.. actual];
        Assert.HasCount(wanted.Length, found);
        return wanted.Zip(found, (one, other) => Math.Abs((double)one - other)).Aggregate(Math.Max);
    }
}
