using Microsoft.Extensions.Logging;

namespace NullaProp.ML.Tests.Support;

/// <summary>A logger that keeps what it is told.</summary>
/// <param name="onLine">Hears of each line as it comes.</param>
internal sealed class LogLines(Action<string>? onLine = null) : ILogger
{
    public List<(LogLevel Level, string Text)> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        var text = formatter(state, exception);
        Lines.Add((logLevel, text));
        onLine?.Invoke(text);
    }
}
