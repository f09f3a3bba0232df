using Microsoft.Extensions.Logging;
using Microsoft.ML.Runtime;

namespace NullaProp.ML.Interop;

/// <summary>Writes to <c>MLContext.Log</c> and, where there is one, to an <see cref="ILogger"/>.</summary>
/// <param name="channel">ML.NET's channel.</param>
/// <param name="logger">The logger; may be <see langword="null"/>.</param>
/// <param name="guard">Made before each message and disposed of after it; <see langword="null"/> where nothing is to be guarded.</param>
internal sealed partial class TrainingLog(IChannel channel, ILogger? logger, Func<IDisposable>? guard = null) : IDisposable
{
    /// <summary>Returns the same log for the middle of a training, whose tensors are no business of who listens.</summary>
    public TrainingLog AmongTensors() => new(channel, logger, static () => new HostCode());

    /// <summary>Says what goes on.</summary>
    /// <param name="message">One sentence.</param>
    public void Information(string message)
    {
        using var guarded = guard?.Invoke();
        channel.Info(MessageSensitivity.None, message);
        if (logger is not null)
        {
            LogInformation(logger, message);
        }
    }

    /// <summary>Says what an epoch gave, as an event of its own: there are many, and programs show them otherwise.</summary>
    /// <param name="message">One sentence.</param>
    public void Epoch(string message)
    {
        using var guarded = guard?.Invoke();
        channel.Info(MessageSensitivity.None, message);
        if (logger is not null)
        {
            LogEpoch(logger, message);
        }
    }

    /// <summary>Warns of something that the user may not want.</summary>
    /// <param name="message">One sentence.</param>
    public void Warning(string message)
    {
        using var guarded = guard?.Invoke();
        channel.Warning(MessageSensitivity.None, message);
        if (logger is not null)
        {
            LogWarning(logger, message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => channel.Dispose();

    [LoggerMessage(EventName = "Epoch", Level = LogLevel.Information, Message = "{Message}")]
    private static partial void LogEpoch(ILogger logger, string message);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Message}")]
    private static partial void LogInformation(ILogger logger, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Message}")]
    private static partial void LogWarning(ILogger logger, string message);
}
