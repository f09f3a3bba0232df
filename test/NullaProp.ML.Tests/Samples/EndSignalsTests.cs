using System.Runtime.InteropServices;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Tests.Samples;

/// <summary>A command that was asked to end has the time to save, unless it is asked a second time.</summary>
[TestClass]
public sealed class EndSignalsTests
{
    [TestMethod]
    public void Invocation_OfEachCommand_SetsNoTimeForSaving() =>
        Assert.IsNull(CommandExecution.Invocation.ProcessTerminationTimeout);

    [TestMethod]
    public void Hear_Once_CancelsAndEndsNothing()
    {
        var (ends, time) = (0, new Clock());
        using var signals = new EndSignals(() => ends++, time, CancellationToken.None);
        var signal = new PosixSignalContext(PosixSignal.SIGTERM);

        signals.Hear(signal);

        Assert.IsTrue(signals.Token.IsCancellationRequested);
        Assert.IsTrue(signal.Cancel);
        Assert.AreEqual(0, ends);
    }

    [TestMethod]
    [DataRow(PosixSignal.SIGINT)]
    [DataRow(PosixSignal.SIGTERM)]
    public void Hear_TwiceOfAKind_EndsAtOnce(PosixSignal kind)
    {
        var (ends, time) = (0, new Clock());
        using var signals = new EndSignals(() => ends++, time, CancellationToken.None);

        signals.Hear(new PosixSignalContext(kind));
        time.Seconds += 3600;
        signals.Hear(new PosixSignalContext(kind));

        Assert.AreEqual(1, ends);
    }

    // Slurm tells the worker and the shell in front of it, which passes it on; Ctrl+C reaches 'blocks launch' and its workers alike.
    [TestMethod]
    [DataRow(PosixSignal.SIGTERM, 0.1)]
    [DataRow(PosixSignal.SIGINT, 30.0)]
    public void Hear_TheSamePassedOn_EndsNothing(PosixSignal first, double secondsLater)
    {
        var (ends, time) = (0, new Clock());
        using var signals = new EndSignals(() => ends++, time, CancellationToken.None);

        signals.Hear(new PosixSignalContext(first));
        time.Seconds += secondsLater;
        signals.Hear(new PosixSignalContext(PosixSignal.SIGTERM));

        Assert.AreEqual(0, ends);
    }

    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long GetTimestamp() => (long)(Seconds * TimestampFrequency);
    }
}
