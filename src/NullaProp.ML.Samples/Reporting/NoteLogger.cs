using Microsoft.Extensions.Logging;
using NullaProp.ML.Samples.Commands;
using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Prints what a trainer says beside its epochs, which have a display of their own: the data, the checkpoint it goes on from, what it waits
/// for, warnings.
/// </summary>
internal sealed class NoteLogger : ILogger, ILoggerProvider
{
    private const string EpochEvent = "Epoch";

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel) || eventId.Name == EpochEvent)
            return;
        var note = ProgramWords.Of(formatter(state, exception));
        AnsiConsole.Write(new Text($"{note}\n", logLevel >= LogLevel.Warning ? Color.Yellow : Color.Grey));
    }

    public void Dispose()
    {
    }
}
