using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.Onnx;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Training a pretrained network further: what changes, what is kept, and where the model goes.</summary>
[TestClass]
public sealed partial class FineTuningTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = StripedPhotos.Data(Context, rows: 4, seed: 0);
    private static readonly NoPropOptions Options =
        NoPropOptions.Photos with { Epochs = 2, BatchSize = 2, LearningRate = 0.01, HiddenSize = 8, Seed = 1 };

    [TestMethod]
    [DataRow(FineTuning.Frozen, "")]
    [DataRow(FineTuning.LastStage, "layer4")]
    [DataRow(FineTuning.Everything, "conv1 layer1 layer2 layer3 layer4")]
    public void Fit_EachFineTuning_ChangesTheConvolutionsOfItsPartsAlone(FineTuning tuning, string parts)
    {
        using var untouched = Trainer(Options with { Epochs = 1, FineTuning = FineTuning.Frozen }).Fit(Data);

        using var model = Trainer(Options with { FineTuning = tuning }).Fit(Data);

        var (before, after) = (Weights(untouched), Weights(model));
        string[] changed =
        [
            .. before.Keys.Where(name => !before[name].SequenceEqual(after[name]))
                .Where(name => name.StartsWith("backbone.", StringComparison.Ordinal) && !IsNew(name)),
        ];
        CollectionAssert.AreEqual(
            parts.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            changed.Select(name => name.Split('.')[1]).Distinct().Order(StringComparer.Ordinal).ToArray());
        Assert.IsTrue(Array.TrueForAll(changed, name => before[name].Length > 512), "a batch norm changed");
    }

    [TestMethod]
    public void Fit_LastStage_ScoresTheSameAfterAReloadRowByRowAndAsOnnx()
    {
        using var folder = new TempFolder();
        using var model = Trainer(Options with { FineTuning = FineTuning.LastStage }).Fit(Data);
        var scores = Scores(model);

        for (var row = 0; row < scores.Count; row++)
        {
            var single = Context.Data.TakeRows(row == 0 ? Data : Context.Data.SkipRows(Data, row), 1);
            Assert.AreEqual(scores[row][0], model.Transform(single).GetColumn<float[]>("Score").Single()[0], 1e-4f);
        }

        Context.Model.Save(model, Data.Schema, folder.File("model.zip"));
        using var loaded = (IDisposable)Context.Model.Load(folder.File("model.zip"), out _);
        foreach (var (before, after) in scores.Zip(Scores((ITransformer)loaded)))
        {
            CollectionAssert.AreEqual(before, after);
        }

        using var file = new MemoryStream();
        model.SaveAsOnnx(file, new OnnxExport());
        using var run = new OnnxRun(file.ToArray());
        var pixels = Data.GetColumn<float[]>("Features").SelectMany(row => row).ToArray();
        var found = run.Singles(run.Session.OutputMetadata.Keys.First(), [scores.Count, 3, 224, 224], pixels);
        foreach (var (expected, actual) in scores.SelectMany(row => row).Zip(found))
        {
            Assert.AreEqual(expected, actual, 1e-4f);
        }
    }

    // Once with a rate by which the last stage gains, once with one that ruins it.
    [TestMethod]
    [DataRow(0.003, true)]
    [DataRow(3.0, false)]
    public void Fit_AutomaticWithValidation_KeepsTheModelOfTheLowestLogLossAndSaysWhich(double rate, bool gains)
    {
        var (logger, epochs) = (new LogLines(), new Recorder<EpochMetrics>());
        var options = Options with { LearningRate = rate, LearningRateSchedule = LearningRateSchedule.Constant, WarmupFraction = 0 };
        var watched = StripedPhotos.Data(Context, rows: 4, seed: 3);
        var run = new NoPropRun { Validation = watched, Logger = logger, Progress = epochs.OfEpochs() };

        using var model = Trainer(options).Fit(Data, run);

        // A ruined network's log-loss is NaN, and so not the lowest.
        var tried = epochs.Reports.Where(epoch => double.IsFinite(epoch.ValidationLogLoss!.Value)).ToArray();
        var lowest = tried.MinBy(epoch => epoch.ValidationLogLoss!.Value)!;
        var found = Context.MulticlassClassification.Evaluate(model.Transform(watched)).LogLoss;
        Assert.AreEqual(lowest.ValidationLogLoss!.Value, found, 1e-3);
        CollectionAssert.AreEqual(
            Enumerable.Range(1, epochs.Reports.Count).ToArray(), epochs.Reports.Select(epoch => epoch.Epoch).ToArray());
        Assert.IsTrue(epochs.Reports.TrueForAll(epoch => epoch.Epochs == 4));
        Assert.AreEqual(gains, lowest.Epoch > options.Epochs, "the epochs of the last stage follow those of the frozen network");
        Assert.StartsWith(
            gains ? "Training the last stage too lowered" : "No epoch with a trained last stage had", logger.Lines[^1].Text);
    }

    // The better the stripes are told apart, the worse is the log-loss on photos with the names of each other.
    [TestMethod]
    public void Fit_AutomaticThatOnlyGetsWorse_KeepsTheFirstEpochOfTheFrozenNetwork()
    {
        var epochs = new Recorder<EpochMetrics>();
        var misnamed = StripedPhotos.Data(Context, rows: 4, seed: 3, areNamedRight: false);

        using var model = Trainer(Options with { LearningRate = 0.003 })
            .Fit(Data, new NoPropRun { Validation = misnamed, Progress = epochs.OfEpochs() });

        var losses = epochs.Reports.Select(epoch => epoch.ValidationLogLoss!.Value).ToArray();
        Assert.IsTrue(Array.TrueForAll(losses[1..], later => later > losses[0]), string.Join(' ', losses));
        var found = Context.MulticlassClassification.Evaluate(model.Transform(misnamed)).LogLoss;
        Assert.AreEqual(losses[0], found, 1e-3);
    }

    [TestMethod]
    public void Fit_AutomaticWithoutValidation_LeavesTheNetworkAsItIs()
    {
        using var automatic = Trainer(Options).Fit(Data);
        using var frozen = Trainer(Options with { FineTuning = FineTuning.Frozen }).Fit(Data);

        Interruptions.AssertSameWeights(frozen, automatic);
    }

    [TestMethod]
    public void Fit_CancelledBeforeTheLastStageIsTrained_GivesTheModelSoFar()
    {
        using var source = new CancellationTokenSource();
        var stopping = new Recorder<EpochMetrics>(epoch =>
        {
            if (epoch.Epoch == 2)
            {
                source.Cancel(); // before the second training begins
            }
        });
        var endings = 0;
        var run = new NoPropRun
        {
            Progress = stopping.OfEpochs(),
            CancellationToken = source.Token,
            WhenCancelled = WhenCancelled.ReturnBest,
            EndedEarly = () => endings++,
        };

        using var actual = Trainer(Options with { FineTuning = FineTuning.LastStage }).Fit(Data, run);

        using var frozen = Trainer(Options with { FineTuning = FineTuning.Frozen }).Fit(Data);
        Interruptions.AssertSameWeights(frozen, actual);
        Assert.AreEqual(1, endings);
    }

    [TestMethod]
    public void Fit_CancelledWhileTheLastStageIsTried_SaysInWhichEpochOfAllAndWhatItGives()
    {
        using var source = new CancellationTokenSource();
        var log = new LogLines();
        var stopping = new Recorder<EpochMetrics>(epoch =>
        {
            if (epoch.Epoch == 3)
            {
                source.Cancel(); // in the first step of the last epoch
            }
        });
        var run = new NoPropRun
        {
            Validation = Data,
            Progress = stopping.OfEpochs(),
            CancellationToken = source.Token,
            WhenCancelled = WhenCancelled.ReturnBest,
            Logger = log,
        };

        using var model = Trainer(Options).Fit(Data, run);

        Assert.StartsWith(
            "Training was cancelled in epoch 4 of 4 and gives the model of its best epoch, of validation log-loss ", log.Lines[^1].Text);
        Assert.DoesNotContain("Infinity", log.Lines[^1].Text);
    }

    [TestMethod]
    public void Fit_EverythingWithAugmentation_SeesChangedPhotos()
    {
        var options = Options with { FineTuning = FineTuning.Everything, Epochs = 1 };
        using var plain = Trainer(options).Fit(Data);

        using var mirrored = Trainer(options with { Augmentation = new() { HorizontalFlipProbability = 1 } }).Fit(Data);

        CollectionAssert.AreNotEqual(Weights(plain)["backbone.conv1.weight"], Weights(mirrored)["backbone.conv1.weight"]);
    }

    // A model does not keep how it was tuned, and its options are checked when it is loaded, a state's too.
    [TestMethod]
    public void Fit_EverythingWithAugmentation_LoadsScoresTheSameAndGoesOn()
    {
        using var folder = new TempFolder();
        var options = Options with
        {
            FineTuning = FineTuning.Everything,
            Epochs = 2,
            Augmentation = new() { HorizontalFlipProbability = 0.5 },
        };
        using var model = Trainer(options).Fit(Data);
        Context.Model.Save(model, Data.Schema, folder.File("model.zip"));

        using var loaded = Context.Model.Load(folder.File("model.zip"), out _).GetNoPropTransformer();
        using var other = loaded.WithSampling(sampling => sampling with { SolverSteps = 4 });

        NoPropModelFile.Check(folder.File("model.zip"));
        Assert.AreEqual(model.Model.Options, loaded.Model.Options);
        foreach (var (before, after) in Scores(model).Zip(Scores(loaded)))
        {
            CollectionAssert.AreEqual(before, after);
        }

        var (epochs, log) = (new Recorder<EpochMetrics>(), new LogLines());
        var run = new NoPropRun { Checkpoints = new(folder.File("states")) };
        Interruptions.FitUntil(Context, options, Data, run, epoch: 1, step: 0);
        using var resumed = Trainer(options).Fit(Data, run with { Progress = epochs.OfEpochs(), Logger = log });
        Assert.AreEqual(4, epochs.Reports.Single().Epoch);
        AssertGoesOnIn(folder.File("states/Everything"), log);
        Interruptions.AssertSameWeights(model, resumed);
    }

    [TestMethod]
    public void Validate_FineTuningWithoutEffect_IsRefused()
    {
        Refused(
            new() { FineTuning = FineTuning.LastStage },
            "FineTuning is LastStage, but Backbone is SmallConv, all of which is trained: leave it out, or choose PretrainedResNet18.");
        Refused(
            Options with { FineTuning = FineTuning.LastStage, Augmentation = new() { HorizontalFlipProbability = 0.5 } },
            "is computed once: leave it out, or set FineTuning to Everything (now LastStage).");

        static void Refused(NoPropOptions options, string sentence) =>
            Assert.Contains(sentence, Assert.ThrowsExactly<ArgumentOutOfRangeException>(options.Validate).Message);
    }

    private static NoPropTrainer Trainer(NoPropOptions options) => Context.MulticlassClassification.Trainers.NoProp(options);

    private static List<float[]> Scores(ITransformer model) => [.. model.Transform(Data).GetColumn<float[]>("Score")];

    // What is not the pretrained network's own.
    private static bool IsNew(string name) =>
        name.StartsWith("backbone.output.", StringComparison.Ordinal) || name.StartsWith("backbone.features.", StringComparison.Ordinal);

    private static Dictionary<string, float[]> Weights(NoPropTransformer model) =>
        model.Scorer.Model.Network.Weights.All.ToDictionary(weight => weight.Key, weight => weight.Value.Host().Values);
}
