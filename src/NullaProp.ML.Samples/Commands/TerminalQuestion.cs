using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary>A question to who sits at the terminal. A signal answers it too: with nothing.</summary>
internal static class TerminalQuestion
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10); // with a program that started this one

    private static CancellationTokenSource? _open;

    /// <summary>Asks, and waits for a line.</summary>
    /// <param name="question">The question.</param>
    /// <returns>The answer; <see langword="null"/> where there is none.</returns>
    public static string? Ask(string question)
    {
        using var dismissed = new CancellationTokenSource();
        Volatile.Write(ref _open, dismissed);
        try
        {
            AnsiConsole.Write($"{question} ");
            var reading = Task.Run(Console.ReadLine, CancellationToken.None);
            var patience = Console.IsInputRedirected ? Patience : Timeout.InfiniteTimeSpan;
            var line = reading.Wait(patience, dismissed.Token) ? reading.Result : null;
            return string.IsNullOrWhiteSpace(line) ? null : line.Trim();
        }
        catch (Exception fault) when (fault is OperationCanceledException or AggregateException { InnerException: IOException })
        {
            return null; // or the terminal is gone
        }
        finally
        {
            Volatile.Write(ref _open, null);
            AnsiConsole.WriteLine();
        }
    }

    /// <summary>Ends the wait for an answer.</summary>
    /// <returns>Whether there was a question.</returns>
    public static bool Dismiss()
    {
        if (Interlocked.Exchange(ref _open, null) is not { } open)
            return false;
        try
        {
            open.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The answer came at the same moment.
        }

        return true;
    }
}
