using System.Diagnostics;

namespace NullaProp.ML.Benchmarks.Measuring;

/// <summary>
/// The times of several contestants that ran in turns, A B C A B C …, so that what disturbs the machine disturbs all of them.
/// </summary>
internal sealed class Comparison
{
    private readonly Dictionary<string, double[]> _milliseconds;

    private Comparison(Dictionary<string, double[]> milliseconds) => _milliseconds = milliseconds;

    /// <summary>Gets the names of the contestants, in their order.</summary>
    public IEnumerable<string> Names => _milliseconds.Keys;

    /// <summary>
    /// Runs contestants in turns, after a warm-up that is not counted: one round, and more as long as the runtime may still be compiling
    /// the faster code.
    /// </summary>
    /// <param name="rounds">How often.</param>
    /// <param name="contestants">Who.</param>
    public static Comparison Of(Rounds rounds, params IReadOnlyList<Contestant> contestants)
    {
        var count = rounds.Count(WarmUp(rounds, contestants));
        var milliseconds = contestants.ToDictionary(contestant => contestant.Name, _ => new double[count]);
        for (var round = 0; round < count; round++)
        {
            foreach (var (name, run) in contestants)
            {
                var start = Stopwatch.GetTimestamp();
                run(round + 1);
                milliseconds[name][round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        return new Comparison(milliseconds);
    }

    /// <summary>Returns a contestant's times, in milliseconds.</summary>
    public Spread Of(string name) => Spread.Of(_milliseconds[name]);

    /// <summary>Returns the ratio of two contestants' times, taken round by round.</summary>
    public Spread Ratio(string numerator, string denominator) =>
        Spread.Of(_milliseconds[numerator].Zip(_milliseconds[denominator], (n, d) => n / d));

    /// <summary>Returns how much longer one contestant takes than another, as a share of a third one's time, round by round.</summary>
    public Spread Share(string slower, string faster, string whole) =>
        Spread.Of(_milliseconds[slower].Zip(_milliseconds[faster], (s, f) => s - f).Zip(_milliseconds[whole], (d, w) => d / w));

    // Returns how long the last round took.
    private static TimeSpan WarmUp(Rounds rounds, IReadOnlyList<Contestant> contestants)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan start;
        do
        {
            start = watch.Elapsed;
            foreach (var contestant in contestants)
            {
                contestant.Run(0);
            }
        }
        while (watch.Elapsed < rounds.WarmUp);

        return watch.Elapsed - start;
    }
}
