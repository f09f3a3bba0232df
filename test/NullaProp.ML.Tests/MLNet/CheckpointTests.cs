using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>A training that was stopped goes on to the model that it would have given, and says what keeps it from that.</summary>
[TestClass]
public sealed partial class CheckpointTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context);
    private static readonly IDataView Watched = TinyImages.Keys(Context, rows: 24, seed: 5);

    private static readonly NoPropOptions Options = TinyImages.Options with
    {
        Epochs = 3,
        HiddenSize = 8,
        Augmentation = new() { RandomCropPadding = 1, HorizontalFlipProbability = 0.5, RotationDegrees = 10 },
        EarlyStoppingPatience = 1,
    };

    // Three steps an epoch: in the middle of one, in its last step, and in the first of the next.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void Fit_StoppedThreeTimes_EndsAtTheBitsOfOneTraining(VariantKind kind)
    {
        using var folder = new TempFolder();
        var options = Of(kind);
        var run = new NoPropRun { Validation = Watched };
        using var expected = Trainer(options).Fit(Data, run);
        var kept = run with { Checkpoints = new(folder.Path) };

        Interruptions.FitUntil(Context, options, Data, kept, epoch: 0, step: 1);
        Interruptions.FitUntil(Context, options, Data, kept, epoch: 0, step: 2);
        Interruptions.FitUntil(Context, options, Data, kept, epoch: 1, step: 0);
        using var actual = Trainer(options).Fit(Data, kept);

        Interruptions.AssertSameWeights(expected, actual);
        SameData.AssertValues(expected.Transform(Data), actual.Transform(Data));
    }

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    public void Fit_StreamedDataStoppedInAnEpoch_EndsAtTheBitsOfOneTraining(VariantKind kind)
    {
        using var folder = new TempFolder();
        var data = TinyImages.Keys(Context, rows: 1_200);
        var options = Of(kind) with { Epochs = 2, BatchSize = 256, MaxCachedBytes = 65_536 };
        var run = new NoPropRun { Validation = Watched };
        using var expected = Trainer(options).Fit(data, run);
        var kept = run with { Checkpoints = new(folder.Path) };

        Interruptions.FitUntil(Context, options, data, kept, epoch: 1, step: 2);
        using var actual = Trainer(options).Fit(data, kept);

        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_LearnedEmbeddingsSharedByBlocks_EndAtTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var options = Of(VariantKind.DiscreteTime) with { Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 4 } };
        using var expected = Trainer(options).Fit(Data);
        var kept = new NoPropRun { Checkpoints = new(folder.Path) };

        Interruptions.FitUntil(Context, options, Data, kept, epoch: 1, step: 1);
        using var actual = Trainer(options).Fit(Data, kept);

        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_OfAFinishedTraining_TakesNoStepAndGivesItsModel()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Validation = Watched, Checkpoints = new(folder.Path) };
        using var expected = Trainer(Options).Fit(Data, run);
        var (progress, log) = (new Recorder<EpochMetrics>(), new LogLines());

        using var actual = Trainer(Options).Fit(Data, run with { Progress = progress.OfEpochs(), Logger = log });

        Assert.IsEmpty(progress.Reports);
        Assert.Contains("All 3 epochs were done before: the model is that of the checkpoint.", log.Lines.Select(line => line.Text));
        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_InAPipeline_GoesOnAndSaysSo()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        Interruptions.FitUntil(Context, Options, Data, run, epoch: 1, step: 1);
        var log = new LogLines();
        var chain =
            new Microsoft.ML.Data.EstimatorChain<ITransformer>().Append(new NoPropTrainer(Context, Options, run with { Logger = log }));

        chain.Fit(Data).Dispose();

        var line = log.Lines.Single(line => line.Text.Contains("goes on", StringComparison.Ordinal)).Text;
        StringAssert.Contains(line, "epoch-000001-pass-0000-step-0000000002");
    }

    [TestMethod]
    [DataRow("option", "LearningRate is 0.5 instead of 0.01")]
    [DataRow("nested", "Augmentation.RandomCropPadding is 0 instead of 1")]
    [DataRow("seed", "the seed is 7 instead of 1")]
    [DataRow("data", "the training data is another one")]
    [DataRow("validation", "the validation data is left out")]
    public void Fit_CheckpointsOfAnotherTraining_SaysWhatDiffers(string change, string sentence)
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Validation = Watched, Checkpoints = new(folder.Path) };
        Interruptions.FitUntil(Context, Options, Data, run, epoch: 0, step: 1);
        var options = change switch
        {
            "option" => Options with { LearningRate = 0.5 },
            "nested" => Options with { Augmentation = Options.Augmentation with { RandomCropPadding = 0 } },
            "seed" => Options with { Seed = 7 },
            _ => Options,
        };
        var data = change == "data" ? TinyImages.Keys(Context, seed: 9) : Data;

        var fault = Assert.Throws<InvalidOperationException>(
            () => Trainer(options).Fit(data, change == "validation" ? run with { Validation = null } : run));

        StringAssert.Contains(fault.Message, sentence);
    }

    [TestMethod]
    public void Fit_ResumeNever_StartsAnewAndReplacesTheOthers()
    {
        using var folder = new TempFolder();
        Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = new(folder.Path) }).Dispose();
        var options = Options with { Epochs = 1 };

        Trainer(options).Fit(Data, new NoPropRun { Checkpoints = new(folder.Path) { Resume = CheckpointResume.Never } }).Dispose();

        CollectionAssert.AreEqual(new[] { "epoch-000001-pass-0000-step-0000000000" }, Names(folder));
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(2, 2)]
    [DataRow(9, 3)]
    public void Fit_Keep_LeavesSoManyOfTheNewest(int keep, int left)
    {
        using var folder = new TempFolder();

        Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = new(folder.Path) { Keep = keep, CostLimit = null } }).Dispose();

        var names = Names(folder);
        Assert.HasCount(left, names);
        Assert.AreEqual("epoch-000003-pass-0000-step-0000000000", names[^1]);
    }

    // Epochs of milliseconds: a hundredth of them is no time for a checkpoint.
    [TestMethod]
    public void Fit_EpochsTooShortForTheCostLimit_WritesTheFirstAndTheLast()
    {
        using var folder = new TempFolder();
        var options = Options with { Epochs = 6, EarlyStoppingPatience = 0 };

        Trainer(options).Fit(Data, new NoPropRun { Checkpoints = new(folder.Path) { Keep = 9, CostLimit = 1e-6 } }).Dispose();

        CollectionAssert.AreEqual(
            new[] { "epoch-000001-pass-0000-step-0000000000", "epoch-000006-pass-0000-step-0000000000" },
            Names(folder));
    }

    [TestMethod]
    [DataRow("training.json", 40)]
    [DataRow("training.safetensors", 3_000)]
    public void Fit_NewestCheckpointDamaged_WarnsAndGoesOnFromTheOneBefore(string file, int place)
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        using var expected = Trainer(Options).Fit(Data, run);
        var path = Path.Combine(folder.Path, Names(folder)[^1], file);
        var bytes = File.ReadAllBytes(path);
        bytes[place] ^= 1;
        File.WriteAllBytes(path, bytes);
        var log = new LogLines();

        using var actual = Trainer(Options).Fit(Data, run with { Logger = log });

        Assert.IsTrue(log.Lines.Any(line => line.Text.Contains("is damaged", StringComparison.Ordinal)), "no warning");
        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_LeftoversOfADyingProcess_AreIgnoredAndRemoved()
    {
        using var folder = new TempFolder();
        var left = Directory.CreateDirectory(folder.File(".epoch-000009-pass-0000-step-0000000000.tmp"));
        var old = Directory.CreateDirectory(folder.File(".epoch-000001-pass-0000-step-0000000000.old.tmp"));
        var notes = Directory.CreateDirectory(folder.File("epoch-notes"));
        var work = Directory.CreateDirectory(folder.File("mine.tmp"));
        File.WriteAllText(Path.Combine(left.FullName, "training.json"), "{");

        Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = new(folder.Path) }).Dispose();

        Assert.IsFalse(Directory.Exists(left.FullName) || Directory.Exists(old.FullName));
        Assert.IsTrue(Directory.Exists(notes.FullName) && Directory.Exists(work.FullName), "A folder of the user's is gone.");
    }

    // As where the disk is full or no more may be written: the fault comes from the system in the middle of writing.
    [TestMethod]
    public void Fit_CheckpointCannotBeWritten_SaysSoAndKeepsTheLastWholeOne()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        Interruptions.FitUntil(Context, Options, Data, run, epoch: 0, step: 1);
        File.WriteAllText(folder.File(".epoch-000001-pass-0000-step-0000000000.tmp"), "in the way");

        var fault = Assert.Throws<IOException>(() => Trainer(Options).Fit(Data, run));

        StringAssert.Contains(fault.Message, "The last whole checkpoint is 'epoch-000000-pass-0000-step-0000000002'");
        Assert.HasCount(1, Names(folder));
    }

    [TestMethod]
    public void Fit_FolderThatCannotBeMade_SaysSoBeforeTraining()
    {
        using var folder = new TempFolder();
        var (taken, nowhere) = (folder.File("taken"), folder.File("link"));
        File.WriteAllText(taken, string.Empty);
        File.CreateSymbolicLink(nowhere, folder.File("none"));
        foreach (var (path, reason) in new[] { (taken, "is a file"), (nowhere, "is a link that leads to no folder") })
        {
            var fault = Assert.Throws<IOException>(() => Trainer(Options).Fit(Data, new NoPropRun { Checkpoints = new(path) }));

            Assert.AreEqual($"Checkpoints need a folder, but '{path}' {reason}. Name another one.", fault.Message);
        }
    }

    [TestMethod]
    public void Fit_CancelledWithReturnBest_GivesTheModelOfTheLastStep()
    {
        using var source = new CancellationTokenSource();
        var options = Options with { Epochs = 4, LearningRateSchedule = LearningRateSchedule.Constant, WarmupFraction = 0 };
        using var expected = Trainer(options with { Epochs = 2 }).Fit(Data);
        var progress = new Recorder<EpochMetrics>(epoch =>
        {
            if (epoch.Epoch == 2)
            {
                source.Cancel();
            }
        });
        var run = new NoPropRun
        {
            Progress = progress.OfEpochs(),
            CancellationToken = source.Token,
            WhenCancelled = WhenCancelled.ReturnBest,
        };

        using var actual = Trainer(options).Fit(Data, run);

        Interruptions.AssertSameWeights(expected, actual);
    }

    [TestMethod]
    public void Fit_CancelledWithReturnBestBeforeTheFirstStep_Throws()
    {
        var run = new NoPropRun { CancellationToken = new(canceled: true), WhenCancelled = WhenCancelled.ReturnBest };

        Assert.Throws<OperationCanceledException>(() => Trainer(Options).Fit(Data, run));
    }

    [TestMethod]
    public void Checkpoints_OutOfRange_AreNamed()
    {
        StringAssert.Contains(
            Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoints("a") { Keep = 0 }).Message,
            "Checkpoints.Keep is 0, but must be from 1 to 1000.");
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoints("a") { EveryEpochs = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoints("a") { EveryMinutes = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoints("a") { CostLimit = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new Checkpoints("a") { LockTimeout = TimeSpan.FromSeconds(-1) });
        Assert.Throws<ArgumentException>(() => new Checkpoints(" "));
    }

    private static NoPropOptions Of(VariantKind kind) => Options with { Variant = kind.Create(new DiscreteTime { BlockCount = 2 }) };

    private static NoPropTrainer Trainer(NoPropOptions options) => Context.MulticlassClassification.Trainers.NoProp(options);

    private static void EndAt(string part, string line, Action end)
    {
        if (line.Contains(part, StringComparison.Ordinal))
        {
            end();
        }
    }

    private static string[] Names(TempFolder folder) =>
        [.. Directory.EnumerateDirectories(folder.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
