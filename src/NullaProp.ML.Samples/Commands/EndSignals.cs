using System.Runtime.InteropServices;
using NullaProp.ML.Samples.Reporting;

namespace NullaProp.ML.Samples.Commands;

/// <summary>
/// Ctrl+C, SIGTERM and the end of a terminal. The first cancels a token, and whoever looks at it takes the time to save what it has. A
/// second one of the same kind ends the program at once. One that comes while a question is asked is an answer to that.
/// </summary>
/// <param name="end">Ends the program.</param>
/// <param name="time">Tells the time between two signals.</param>
/// <param name="cancellationToken">Cancels the token as well.</param>
internal sealed class EndSignals(Action end, TimeProvider time, CancellationToken cancellationToken) : IDisposable
{
    private static readonly PosixSignal[] Kinds = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];

    // Schedulers tell all processes of a task, and the one that started this one passes it on: that is said once.
    private static readonly TimeSpan SaidOnce = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private readonly Dictionary<PosixSignal, long> _heard = [];
    private readonly Lock _turn = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private ITimer? _note;

    /// <summary>Gets the token that the first signal cancels.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Begins to hear the signals of this process.</summary>
    public void Listen() => _registrations.AddRange(Kinds.Select(kind => PosixSignalRegistration.Create(kind, Hear)));

    /// <summary>Hears a signal.</summary>
    /// <param name="signal">The signal; the program's own end takes the place of the system's.</param>
    public void Hear(PosixSignalContext signal)
    {
        signal.Cancel = true;
        if (TerminalQuestion.Dismiss())
            return;
        lock (_turn)
        {
            if (!_heard.TryAdd(signal.Signal, time.GetTimestamp()))
            {
                if (time.GetElapsedTime(_heard[signal.Signal]) > SaidOnce)
                    end();
                return;
            }

            // Who sits at the terminal would else press again in vain, or in the wrong belief that nothing was heard.
            if (signal.Signal == PosixSignal.SIGINT)
                _note ??= time.CreateTimer(_ => Say(), state: null, SaidOnce, Timeout.InfiniteTimeSpan);
        }

        StopSignals.Cancel(signal, _source);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        lock (_turn)
            _note?.Dispose();
        _source.Dispose();
    }

    // A bar that moves is drawn by Spectre, which keeps what it writes itself apart from it.
    private static void Say()
    {
        const string sentence = "Stopping: what is under way is ended and saved first. Ctrl+C once more ends at once, without that.";
        if (Console.IsOutputRedirected)
            Console.Error.WriteLine(sentence);
        else
            Report.PrintNote(sentence);
    }
}
