namespace NullaProp.ML.Benchmarks.Measuring;

/// <summary>How often a comparison is repeated: as often as fits into a time, within limits.</summary>
/// <param name="Time">About how long it may take.</param>
/// <param name="Least">The fewest rounds, whatever they take.</param>
/// <param name="Most">The most rounds.</param>
internal sealed record Rounds(TimeSpan Time, int Least, int Most)
{
    /// <summary>Gets how long to run before rounds count; one round where that takes longer.</summary>
    public TimeSpan WarmUp => Time / 4;

    /// <summary>Returns the number of rounds.</summary>
    /// <param name="one">How long one takes.</param>
    public int Count(TimeSpan one) => (int)Math.Clamp(Time / one, Least, Most);
}
