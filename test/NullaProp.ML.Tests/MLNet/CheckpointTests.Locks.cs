using System.Diagnostics;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What happens where two trainings have one folder.</summary>
public sealed partial class CheckpointTests
{
    [TestMethod]
    public void Fit_WhileAnotherHasTheFolder_SaysSo()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        Exception? fault = null;
        var progress = new Recorder<EpochMetrics>(_ => fault ??= Assert.Throws<IOException>(() => Trainer(Options).Fit(Data, run)));

        Trainer(Options).Fit(Data, run with { Progress = progress.OfEpochs() }).Dispose();

        StringAssert.StartsWith(fault!.Message, "Another training keeps its checkpoints in ");
    }

    // As programs do that tidy up or copy: the file is the same.
    [TestMethod]
    public void Fit_LockFileTouched_KeepsItsFolder()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) { CostLimit = null } };
        var progress = new Recorder<EpochMetrics>(_ =>
        {
            using var touch = Process.Start("touch", ["-d", "2001-01-01", folder.File(".lock")]);
            touch.WaitForExit();
        });
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("There is no 'touch', and nobody changes a file there that is open.");
        }

        Trainer(Options).Fit(Data, run with { Progress = progress.OfEpochs() }).Dispose();

        Assert.AreEqual(2001, File.GetLastWriteTimeUtc(folder.File(".lock")).Year);
        Assert.HasCount(2, Names(folder));
    }

    // Where a folder is deleted under a training, the next one makes it again, and finds nobody there.
    [TestMethod]
    public void Fit_FolderDeletedAndTakenByAnother_SaysSoAndLeavesItsCheckpoints()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.File("states")) { CostLimit = null } };
        string[] others = [];
        string[] Found() => [.. Directory.EnumerateFileSystemEntries(folder.File("states")).Order(StringComparer.Ordinal)];
        var progress = new Recorder<EpochMetrics>(epoch =>
        {
            if (epoch.Epoch == 1)
            {
                Directory.Delete(folder.File("states"), recursive: true);
                Trainer(Options with { Seed = 7 }).Fit(Data, run).Dispose();
                others = Found();
            }
        });

        var fault = Assert.Throws<IOException>(() => Trainer(Options).Fit(Data, run with { Progress = progress.OfEpochs() }));

        Assert.Contains("': the folder was deleted, and another training's came in its place. The last whole checkpoint ", fault.Message);
        CollectionAssert.AreEqual(others, Found());
    }

    [TestMethod]
    public void Fit_FolderDeleted_IsMadeAgainAndLocked()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.File("states")) { CostLimit = null } };
        Exception? fault = null;
        var progress = new Recorder<EpochMetrics>(epoch =>
        {
            if (epoch.Epoch == 1)
            {
                Directory.Delete(folder.File("states"), recursive: true);
            }
            else
            {
                fault ??= Assert.Throws<IOException>(() => Trainer(Options).Fit(Data, run));
            }
        });

        Trainer(Options).Fit(Data, run with { Progress = progress.OfEpochs() }).Dispose();

        Assert.StartsWith("Another training keeps its checkpoints in ", fault!.Message);
        Assert.IsTrue(File.Exists(folder.File("states/.lock")));
    }

    [TestMethod]
    public void Fit_WhileAnotherHasTheFolderAndLockTimeout_WaitsForItsEnd()
    {
        using var folder = new TempFolder();
        using var other = File.Open(folder.File(".lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var log = new LogLines(line => EndAt("waits for its end", line, other.Dispose));
        var checkpoints = new Checkpoints(folder.Path) { LockTimeout = Timeout.InfiniteTimeSpan };

        Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = checkpoints, Logger = log }).Dispose();

        Assert.HasCount(2, Names(folder));
    }

    [TestMethod]
    public void Fit_CancelledWhileItWaitsForTheFolder_Ends()
    {
        using var folder = new TempFolder();
        using var other = File.Open(folder.File(".lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        using var source = new CancellationTokenSource();
        var log = new LogLines(line => EndAt("waits for its end", line, source.Cancel));
        var checkpoints = new Checkpoints(folder.Path) { LockTimeout = Timeout.InfiniteTimeSpan };
        var run = new NoPropRun { Checkpoints = checkpoints, Logger = log, CancellationToken = source.Token };

        Assert.Throws<OperationCanceledException>(() => Trainer(Options).Fit(Data, run));
    }

    [TestMethod]
    public void Fit_WhileAnotherHasTheFolderForLongerThanLockTimeout_SaysSo()
    {
        using var folder = new TempFolder();
        using var other = File.Open(folder.File(".lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        var checkpoints = new Checkpoints(folder.Path) { LockTimeout = TimeSpan.FromMilliseconds(1) };

        var fault = Assert.Throws<IOException>(() => Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = checkpoints }));

        StringAssert.StartsWith(fault.Message, "Another training keeps its checkpoints in ");
    }
}
