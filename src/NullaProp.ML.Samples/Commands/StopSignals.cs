using System.Runtime.InteropServices;

namespace NullaProp.ML.Samples.Commands;

/// <summary>
/// SIGUSR1 besides what ends every command (<see cref="EndSignals"/>), as clusters tell a program that is to save what it has. The handler
/// only sets the token: the work itself looks at it where it can be left.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration? _user;

    /// <param name="cancellationToken">Of Ctrl+C and SIGTERM.</param>
    public StopSignals(CancellationToken cancellationToken)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _user = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(UserSignal, signal => Cancel(signal, _source));
    }

    public CancellationToken Token => _source.Token;

    // SIGUSR1, which .NET has no name for: raw numbers are positive.
    private static PosixSignal UserSignal => (PosixSignal)(OperatingSystem.IsLinux() ? 10 : 30);

    public void Dispose()
    {
        _user?.Dispose();
        _source.Dispose();
    }

    /// <summary>Handles a signal: instead of ending the program, it cancels a source, if that is still there.</summary>
    /// <param name="context">The signal.</param>
    /// <param name="source">Of the token that the work looks at.</param>
    public static void Cancel(PosixSignalContext context, CancellationTokenSource source)
    {
        context.Cancel = true;
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The work ended while the signal was on its way.
        }
    }
}
