using Microsoft.ML;
using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What a state holds beside parameters: the best epoch and how long ago it was, losses, time, what training began from.</summary>
public sealed partial class CheckpointTests
{
    // Each labelled as the class beside its own: the better the training, the worse the log-loss.
    private static IDataView Misleading => TinyImages.WithKeys(Context, Context.Data.LoadFromEnumerable(
        TinyImages.Rows(26, 3, index => TinyImages.Names[(index + 1) % 3], seed: 5).Skip(2).ToList()));

    [TestMethod]
    public void Fit_StoppedAfterItsBestEpoch_EndsEarlyAtTheSameEpochWithTheSameModel()
    {
        using var folder = new TempFolder();
        var options = Options with { Epochs = 6, EarlyStoppingPatience = 3 };
        var (whole, rest, more) = (new Recorder<EpochMetrics>(), new Recorder<EpochMetrics>(), new Recorder<EpochMetrics>());
        var run = new NoPropRun { Validation = Misleading };
        using var expected = Trainer(options).Fit(Data, run with { Progress = whole.OfEpochs() });
        var kept = run with { Checkpoints = new(folder.Path) };

        Interruptions.FitUntil(Context, options, Data, kept, epoch: 2, step: 1);
        using var actual = Trainer(options).Fit(Data, kept with { Progress = rest.OfEpochs() });
        using var again = Trainer(options).Fit(Data, kept with { Progress = more.OfEpochs() });

        Assert.HasCount(4, whole.Reports, "the first epoch is the best, and three are not better");
        CollectionAssert.AreEqual(whole.Reports[2..].Select(Untimed).ToArray(), rest.Reports.Select(Untimed).ToArray());
        Assert.IsEmpty(more.Reports);
        Interruptions.AssertSameWeights(expected, actual);
        Interruptions.AssertSameWeights(expected, again);

        static EpochMetrics Untimed(EpochMetrics epoch) => epoch with { Elapsed = default };
    }

    [TestMethod]
    public void Fit_CheckpointsOfATrainingFromAnotherModel_SaysSo()
    {
        using var folder = new TempFolder();
        using var first = Trainer(Options with { Epochs = 1 }).Fit(Data);
        using var second = Trainer(Options with { Epochs = 1, LearningRate = 0.02 }).Fit(Data);
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        Interruptions.FitUntil(Context, Options, Data, run with { Previous = first }, epoch: 0, step: 1);

        var fault = Assert.Throws<InvalidOperationException>(() => Trainer(Options).Fit(Data, run with { Previous = second }));

        Assert.Contains("the model or file that the weights start from is another one", fault.Message);
        Trainer(Options).Fit(Data, run with { Previous = first }).Dispose();
    }

    [TestMethod]
    public void Fit_GoingOn_CountsTheTimeOfTheProcessBefore()
    {
        using var folder = new TempFolder();
        var run = new NoPropRun { Checkpoints = new(folder.Path) };
        Interruptions.FitUntil(Context, Options, Data, run, epoch: 0, step: 1);
        var path = folder.File(Names(folder).Single());
        var (fingerprint, state) = (CheckpointFile.ReadDescription(path).Fingerprint, CheckpointFile.ReadState(path));
        Directory.Delete(path, recursive: true);
        Directory.CreateDirectory(path);
        CheckpointFile.Write(path, fingerprint, state with { Elapsed = TimeSpan.FromHours(1) });
        var epochs = new Recorder<EpochMetrics>();

        Trainer(Options).Fit(Data, run with { Progress = epochs.OfEpochs() }).Dispose();

        Assert.IsGreaterThan(TimeSpan.FromHours(1), epochs.Reports[0].Elapsed);
    }
}
