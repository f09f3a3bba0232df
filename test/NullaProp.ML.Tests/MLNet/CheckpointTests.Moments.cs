using Microsoft.Extensions.Logging;
using NullaProp.ML.Interop;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>When checkpoints are written, and that a training goes on with other threads all the same.</summary>
public sealed partial class CheckpointTests
{
    [TestMethod]
    public void Fit_EveryTwoEpochs_WritesAtTheEndOfEverySecondAndOfTheLast()
    {
        using var folder = new TempFolder();
        var options = Options with { Epochs = 5, EarlyStoppingPatience = 0 };
        var checkpoints = new Checkpoints(folder.Path) { EveryEpochs = 2, CostLimit = null, Keep = 9 };

        Trainer(options).Fit(Data, new NoPropRun { Checkpoints = checkpoints }).Dispose();

        CollectionAssert.AreEqual(
            new[]
            {
                "epoch-000002-pass-0000-step-0000000000",
                "epoch-000004-pass-0000-step-0000000000",
                "epoch-000005-pass-0000-step-0000000000",
            },
            Names(folder));
    }

    // Nine steps of 30 s, three an epoch: a minute is over behind the second, fourth, sixth and eighth.
    [TestMethod]
    public void Fit_EveryMinuteWithStepsOfHalfAMinute_WritesAtTheEndOfEverySecondStep()
    {
        using var folder = new TempFolder();
        var clock = new ManualTime();
        var checkpoints = new Checkpoints(folder.Path) { EveryEpochs = 100, EveryMinutes = 1, Keep = 9 };
        var trainer = new NoPropTrainer(Context, Options, new NoPropRun { Checkpoints = checkpoints })
        {
            Clock = clock,
            StreamsOf = seed => new RandomStreams(seed) { Asked = (name, _, _) => clock.Milliseconds += IsStep(name) ? 30_000 : 0 },
        };

        trainer.Fit(Data).Dispose();

        CollectionAssert.AreEqual(
            new[]
            {
                "epoch-000000-pass-0000-step-0000000002",
                "epoch-000001-pass-0000-step-0000000001",
                "epoch-000001-pass-0001-step-0000000000",
                "epoch-000002-pass-0000-step-0000000002",
                "epoch-000003-pass-0000-step-0000000000",
            },
            Names(folder));

        static bool IsStep(string name) => name.EndsWith("/flip", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Fit_GoingOnWithAnotherNumberOfThreads_WarnsAndTakesTheRest()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path), Threads = 1 };
        var options = Options with { BackbonePrecision = BackbonePrecision.Full }; // what is chosen differs by processor
        Interruptions.FitUntil(Context, options, Data, run, epoch: 1, step: 1);
        var (epochs, log) = (new Recorder<EpochMetrics>(), new LogLines());

        Trainer(options).Fit(Data, run with { Threads = 2, Progress = epochs.OfEpochs(), Logger = log }).Dispose();

        Assert.Contains(
            (LogLevel.Warning,
            $"The checkpoint was written on cpu with 1 threads, Full precision, {ProcessorKind.Name}, and training goes on on cpu with 2 "
                + $"threads, Full precision, {ProcessorKind.Name}: the model may differ in last bits, and by more where the precision is "
                + "another one."),
            log.Lines);
        CollectionAssert.AreEqual(new[] { 2, 3 }, epochs.Reports.Select(epoch => epoch.Epoch).ToArray());
    }
}
