using System.Globalization;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Checkpoints that cannot be read or deleted: nothing is thrown away for that.</summary>
public sealed partial class CheckpointTests
{
    [TestMethod]
    public void Fit_AllCheckpointsDamaged_SaysSoAndKeepsThem()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        Trainer(Options).Fit(Data, run).Dispose();
        var names = Names(folder);
        Array.ForEach(names, name => File.WriteAllText(Path.Combine(folder.Path, name, "training.json"), "{}"));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Trainer(Options).Fit(Data, run));

        Assert.AreEqual(
            $"All checkpoints in '{folder.Path}' are damaged, so that there is nothing to go on from. Restore one, or set "
            + "Checkpoints.Resume to Never to start anew and replace them.",
            fault.Message);
        CollectionAssert.AreEqual(names, Names(folder));
        Trainer(Options).Fit(Data, run with { Checkpoints = new(folder.Path) { Resume = CheckpointResume.Never } }).Dispose();
    }

    // As a permission or a file server does; a folder in its place is what even an administrator cannot read.
    [TestMethod]
    [DataRow("training.json")]
    [DataRow("training.safetensors")]
    public void Fit_CheckpointThatCannotBeReadNow_SaysSoAndKeepsAll(string file)
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        using var expected = Trainer(Options).Fit(Data, run);
        var (names, newest) = (Names(folder), Path.Combine(folder.Path, Names(folder)[^1]));
        File.Move(Path.Combine(newest, file), Path.Combine(newest, "aside"));
        Directory.CreateDirectory(Path.Combine(newest, file));

        var fault = Assert.ThrowsExactly<IOException>(() => Trainer(Options).Fit(Data, run));

        Assert.StartsWith($"The checkpoint '{newest}' cannot be read: ", fault.Message);
        Assert.EndsWith("Mend that, and run the same training again; all checkpoints stay as they are.", fault.Message);
        CollectionAssert.AreEqual(names, Names(folder));
        Directory.Delete(Path.Combine(newest, file));
        File.Move(Path.Combine(newest, "aside"), Path.Combine(newest, file));
        using var actual = Trainer(Options).Fit(Data, run);
        Interruptions.AssertSameWeights(expected, actual);
    }

    // As where somebody reads it on Windows, or NFS keeps a file that is open elsewhere.
    [TestMethod]
    public void Fit_OldCheckpointCannotBeDeleted_WarnsAndGoesOn()
    {
        using var folder = new TempFolder();
        var log = new LogLines();
        var inTheWay = new Recorder<EpochMetrics>(epoch =>
        {
            if (epoch.Epoch == 1)
            {
                var aside = Directory.CreateDirectory(folder.File(".epoch-000001-pass-0000-step-0000000000.old.tmp")).FullName;
                File.WriteAllText(Path.Combine(aside, "x"), "in the way");
            }
        });
        var run = new NoPropRun { Checkpoints = new(folder.Path) { Keep = 1, CostLimit = null }, Logger = log };

        Trainer(Options).Fit(Data, run with { Progress = inTheWay.OfEpochs() }).Dispose();

        var first = folder.File("epoch-000001-pass-0000-step-0000000000");
        Assert.Contains($"The old checkpoint '{first}' cannot be deleted yet: ", string.Join('\n', log.Lines.Select(line => line.Text)));
        Assert.AreEqual(
            "epoch-000001-pass-0000-step-0000000000 epoch-000003-pass-0000-step-0000000000",
            string.Join(' ', Names(folder).Where(name => name[0] != '.')));
    }

    [TestMethod]
    public void Fit_WithCheckpoints_TellsWhereTheyAreKept()
    {
        using var folder = new TempFolder();
        var log = new LogLines();

        Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = new(folder.Path), Logger = log }).Dispose();

        Assert.ContainsSingle(
            log.Lines.Where(line => line.Text
                == $"Checkpoints are kept in '{folder.Path}', as many as take no more than 1% of the training's time."));
    }

    [TestMethod]
    public void Checkpoints_OutOfRangeInAnyCulture_SayTheNumberWithAPoint()
    {
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");

            var limit = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Checkpoints("x") { CostLimit = 1.5 });
            var minutes = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => new Checkpoints("x") { EveryMinutes = -0.5 });

            Assert.Contains("Checkpoints.CostLimit is 1.5, but", limit.Message);
            Assert.Contains("Checkpoints.EveryMinutes is -0.5, but", minutes.Message);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }
}
