using System.Diagnostics;

namespace NullaProp.ML.Tests.Support;

/// <summary>Ends a program that does not end by itself, so that its test fails and not the whole run.</summary>
internal sealed class TimeLimit : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5); // the slowest takes half a minute on a busy machine

    private readonly Timer _timer;

    private TimeLimit(Process process) => _timer = new Timer(_ => End(process), null, Longest, Timeout.InfiniteTimeSpan);

    /// <summary>Watches a program until disposed.</summary>
    public static TimeLimit On(Process process) => new(process);

    public void Dispose() => _timer.Dispose();

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It ended meanwhile.
        }
    }
}
