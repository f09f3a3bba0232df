using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <content>Both trainings keep checkpoints, those of the second in a folder below.</content>
public sealed partial class FineTuningTests
{
    [TestMethod]
    [DataRow(FineTuning.LastStage)]
    [DataRow(FineTuning.Automatic)]
    public void Fit_StoppedInTheSecondTrainingAndGoneOn_EndsAtTheBitsOfOneTraining(FineTuning tuning)
    {
        using var folder = new TempFolder();
        var options = Options with { FineTuning = tuning };
        var plain = new NoPropRun { Validation = tuning == FineTuning.Automatic ? StripedPhotos.Data(Context, rows: 4, seed: 3) : null };
        using var expected = Trainer(options).Fit(Data, plain);
        var run = plain with { Checkpoints = new(folder.File("states")) };
        FitUntil(options, run, epoch: 3);
        var (rest, log) = (new Recorder<EpochMetrics>(), new LogLines());

        using var actual = Trainer(options).Fit(Data, run with { Progress = rest.OfEpochs(), Logger = log });

        Assert.AreEqual(4, rest.Reports.Single().Epoch);
        AssertGoesOnIn(folder.File($"states/{tuning}"), log);
        Interruptions.AssertSameWeights(expected, actual);
    }

    // Who stops at once what was started by mistake has lost nothing.
    [TestMethod]
    public void Fit_ResumeNeverStoppedBeforeAStep_LeavesTheCheckpointsOfBothTrainings()
    {
        using var folder = new TempFolder();
        var options = Options with { FineTuning = FineTuning.LastStage };
        var run = new NoPropRun { Checkpoints = new(folder.File("states")) };
        Trainer(options).Fit(Data, run).Dispose();
        var before = States(folder);
        using var source = new CancellationTokenSource();
        var log = new LogLines(line =>
        {
            if (line.StartsWith("Training on 4 photos", StringComparison.Ordinal))
            {
                source.Cancel();
            }
        });

        Assert.Throws<OperationCanceledException>(
            () => Trainer(options).Fit(Data, Anew(run) with { CancellationToken = source.Token, Logger = log }));

        Assert.HasCount(4, before);
        CollectionAssert.AreEqual(before, States(folder));
    }

    // Else what it has could not be gone on from: the second training's checkpoints would be of other options.
    [TestMethod]
    public void Fit_ResumeNeverStoppedAfterAnEpoch_CanBeGoneOnFrom()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.File("states")) };
        Trainer(Options with { FineTuning = FineTuning.LastStage }).Fit(Data, run).Dispose();
        var others = Options with { FineTuning = FineTuning.LastStage, LearningRate = 0.02 };
        FitUntil(others, Anew(run), epoch: 1);
        var rest = new Recorder<EpochMetrics>();

        Trainer(others).Fit(Data, run with { Progress = rest.OfEpochs() }).Dispose();

        CollectionAssert.AreEqual(new[] { 2, 3, 4 }, rest.Reports.Select(epoch => epoch.Epoch).ToArray());
    }

    private static NoPropRun Anew(NoPropRun run) => run with
    {
        Checkpoints = new(run.Checkpoints!.Folder) { Resume = CheckpointResume.Never },
    };

    // The first step after an epoch, counted over both trainings, is not taken.
    private static void FitUntil(NoPropOptions options, NoPropRun run, int epoch)
    {
        using var source = new CancellationTokenSource();
        var stopping = new Recorder<EpochMetrics>(ended =>
        {
            if (ended.Epoch == epoch)
            {
                source.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(
            () => Trainer(options).Fit(Data, run with { CancellationToken = source.Token, Progress = stopping.OfEpochs() }));
    }

    private static void AssertGoesOnIn(string folder, LogLines log)
    {
        var said = $"Training goes on from the checkpoint '{folder}{Path.DirectorySeparatorChar}";
        Assert.Contains(line => line.Text.StartsWith(said, StringComparison.Ordinal), log.Lines);
    }

    private static string[] States(TempFolder folder) =>
        [.. Directory.GetDirectories(folder.Path, "epoch-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
