using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>What a user hears of training: progress by epoch, lines in MLContext.Log and in a logger.</summary>
[TestClass]
public sealed class ProgressTests
{
    private const int Epochs = 3;

    private static readonly MLContext Context = new(seed: 1);
    private static readonly IDataView Data = TinyImages.Keys(Context); // 48 rows: 3 steps of 16 in an epoch

    [TestMethod]
    public void Report_EveryEpoch_ComesOnceAndInOrder()
    {
        var epochs = Fit(options => options);

        CollectionAssert.AreEqual(new[] { 1, 2, 3 }, epochs.Select(epoch => epoch.Epoch).ToList());
        Assert.IsTrue(epochs.All(epoch => epoch.Epochs == Epochs));
        Assert.IsTrue(epochs.Zip(epochs.Skip(1)).All(pair => pair.First.Elapsed <= pair.Second.Elapsed));
    }

    [TestMethod]
    public void Report_EveryEpoch_HoldsALossThatIsTheSumOfItsTerms()
    {
        var epochs =
            Fit(
                options => options with
                {
                    Embedding =
                        options.Embedding with
                        {
                            Kind = EmbeddingKind.Learned,
                            Initialization = EmbeddingInitialization.SmallNormal,
                            Dimension = 8,
                        },
                });

        foreach (var epoch in epochs)
        {
            Assert.AreEqual(epoch.DenoisingLoss + epoch.PriorLoss + epoch.ReadoutLoss, epoch.TrainingLoss, 1e-9);
            Assert.IsGreaterThan(0, epoch.DenoisingLoss);
            Assert.AreNotEqual(0, epoch.PriorLoss);
            Assert.IsGreaterThan(0, epoch.ReadoutLoss);
            Assert.IsGreaterThan(0, epoch.EmbeddingNorm);
        }
    }

    [TestMethod]
    public void Report_LastEpoch_HoldsTheAccuracyOfTheFinishedModel()
    {
        var progress = new Recorder<EpochMetrics>();

        using var model = TinyImages.Trainer(Context).Fit(Data, validation: null, progress);

        Assert.AreEqual(
            Context.MulticlassClassification.Evaluate(model.Transform(Data)).MicroAccuracy,
            progress.Reports[^1].TrainingAccuracy!.Value,
            1e-9);
    }

    // 9 steps, of which 5 (a half, rounded up) warm up: step 3 has 3/5 of the rate; step 6 is step 1 of 4 downwards, step 9 step 4, counted
    // from 0.
    [TestMethod]
    public void LearningRate_CosineWithWarmup_RisesThenFalls()
    {
        var rates = Fit(options => options with { LearningRate = 0.01, WarmupFraction = 0.5 }).Select(epoch => epoch.LearningRate).ToList();

        Assert.AreEqual(0.01 * 3 / 5, rates[0], 1e-12);
        Assert.AreEqual(0.01, rates[1], 1e-12);
        Assert.AreEqual(0.01 * 0.5 * (1 + Math.Cos(Math.PI * 3 / 4)), rates[2], 1e-12);
    }

    [TestMethod]
    public void LearningRate_Constant_StaysAsItIs()
    {
        var epochs = Fit(options => options with { LearningRate = 0.02, LearningRateSchedule = LearningRateSchedule.Constant });

        Assert.IsTrue(epochs.All(epoch => epoch.LearningRate == 0.02));
    }

    // Two epochs of 3 steps, in discrete time of 3 for each of two blocks, 0.4 s each: the third and the sixth step are the first for
    // which a second is over.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, 3)]
    [DataRow(VariantKind.DiscreteTime, 6)]
    [DataRow(VariantKind.FlowMatching, 3)]
    [DataRow(VariantKind.CrossEntropyBaseline, 3)]
    public void Report_WithinAnEpochOfAChain_ComesOnceASecondWithTheTimeLeft(VariantKind kind, int steps)
    {
        var time = new ManualTime();
        var reports = new Recorder<NoPropProgress>();
        var options = TinyImages.Options with
        {
            Augmentation = new() { HorizontalFlipProbability = 0.5 },
            Variant = kind.Create(new DiscreteTime { BlockCount = 2 }),
        };
        var trainer = new NoPropTrainer(Context, options, new NoPropRun { Progress = reports })
        {
            Clock = time,
            StreamsOf = seed => new RandomStreams(seed) { Asked = TakeTimeInAStep },
        };

        new EstimatorChain<ITransformer>().Append(trainer).Fit(Data).Dispose();

        CollectionAssert.AreEqual(
            steps == 3 ? new[] { (1, 3L), (1, 3), (2, 3), (2, 3) } : [(1, 3L), (1, 6), (1, 6), (2, 3), (2, 6), (2, 6)],
            reports.Reports.Select(report => (report.Epoch, report.Step)).ToArray());
        foreach (var report in reports.Reports)
        {
            var taken = ((report.Epoch - 1) * steps) + report.Step;
            Assert.AreEqual((2, (long?)steps), (report.Epochs, report.Steps));
            Assert.AreEqual(0.4 * taken, report.Elapsed.TotalSeconds, 1e-6);
            Assert.AreEqual(0.4 * ((2 * steps) - taken), report.TimeLeft!.Value.TotalSeconds, 1e-6);
        }

        CollectionAssert.AreEqual(
            new[] { 1, 2 }, reports.Reports.Select(report => report.Metrics).OfType<EpochMetrics>().Select(epoch => epoch.Epoch).ToArray());

        void TakeTimeInAStep(string name, int epoch, int step)
        {
            if (name.EndsWith("/flip", StringComparison.Ordinal))
            {
                time.Milliseconds += 400;
            }
        }
    }

    [TestMethod]
    public void Report_WhileRowsAreRead_CountsThem()
    {
        var time = new ManualTime();
        var reports = new Recorder<NoPropProgress>();
        var trainer = new NoPropTrainer(Context, TinyImages.Options, new NoPropRun { Progress = reports }) { Clock = time };

        trainer.Fit(Context.Data.LoadFromEnumerable(Slow())).Dispose();

        var read = reports.Reports.Where(report => report.Epoch == 0).ToArray();
        Assert.IsGreaterThanOrEqualTo(2, read.Length);
        foreach (var (earlier, later) in read.Zip(read.Skip(1)))
        {
            Assert.AreEqual(earlier.Step + 2, later.Step); // two rows take a second
            Assert.AreEqual(1, (later.Elapsed - earlier.Elapsed).TotalSeconds, 1e-6);
        }

        IEnumerable<KeyedRow> Slow()
        {
            foreach (var (pixels, label) in TinyImages.Pixels(6, 3))
            {
                time.Milliseconds += 500;
                yield return new KeyedRow { Features = pixels, Label = (uint)label + 1 };
            }
        }
    }

    // What does not fit the memory is read from its beginning again.
    [TestMethod]
    public void Report_WhileStreamedRowsAreRead_NeverCountsMoreThanThereAre()
    {
        const int count = 5_000; // more than are kept
        var time = new ManualTime();
        var reports = new Recorder<NoPropProgress>();
        var options = TinyImages.Options with { MaxCachedBytes = 65_536, Epochs = 1 };
        var trainer = new NoPropTrainer(Context, options, new NoPropRun { Progress = reports }) { Clock = time };

        trainer.Fit(Context.Data.LoadFromEnumerable(Slow())).Dispose();

        var read = reports.Reports.Where(report => report.Epoch == 0).Select(report => report.Step).ToArray();
        Assert.AreEqual(count, read.Max());
        Assert.IsGreaterThan(count, read.Length, "it was read once: nothing was tested");

        IEnumerable<KeyedRow> Slow()
        {
            foreach (var (pixels, label) in TinyImages.Pixels(count, 3))
            {
                time.Milliseconds += 1000;
                yield return new KeyedRow { Features = pixels, Label = (uint)label + 1 };
            }
        }
    }

    [TestMethod]
    public void Log_MLContext_HearsOfDataAndEveryEpoch()
    {
        var context = new MLContext();
        var messages = new List<LoggingEventArgs>();
        context.Log += (_, message) => messages.Add(message);

        TinyImages.Trainer(context).Fit(Data).Dispose();

        var lines = messages.Where(message => message.Source.Contains("NoPropTrainer", StringComparison.Ordinal)).ToList();
        Assert.IsTrue(
            lines.Exists(line => line.Kind == ChannelMessageKind.Info
                && line.Message.Contains("Training on 48 images of 1×8×8 in 3 classes", StringComparison.Ordinal)));
        Assert.HasCount(1, lines.Where(line => line.Message.Contains("Epoch 1 of 2: loss ", StringComparison.Ordinal)));
        Assert.HasCount(1, lines.Where(line => line.Message.Contains("Epoch 2 of 2: loss ", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Log_Logger_HearsTheSame()
    {
        var logger = new LogLines();
        var trainer = Context.MulticlassClassification.Trainers.NoProp(TinyImages.Options, logger);

        trainer.Fit(Data).Dispose();

        Assert.HasCount(3, logger.Lines);
        Assert.IsTrue(logger.Lines.TrueForAll(line => line.Level == LogLevel.Information));
        Assert.StartsWith("Training on 48 images", logger.Lines[0].Text);
        Assert.StartsWith("Epoch 2 of 2: loss ", logger.Lines[2].Text);
    }

    [TestMethod]
    public void Log_RowsWithoutALabel_AreCountedInAWarning()
    {
        var logger = new LogLines();
        var rows = TinyImages.Rows(30, 3, index => index == 2 ? "unheard of" : TinyImages.Names[index]);
        var data = Context.Transforms.Conversion
            .MapValueToKey("Label")
            .Fit(TinyImages.Texts(Context))
            .Transform(Context.Data.LoadFromEnumerable(rows));

        Context.MulticlassClassification.Trainers.NoProp(TinyImages.Options, logger).Fit(data).Dispose();

        string[] warnings = [.. logger.Lines.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text)];
        Assert.HasCount(2, warnings);
        Assert.StartsWith("10 of 30 training rows have no label in column 'Label'", warnings[0]);
        Assert.StartsWith("1 of 3 classes of label column 'Label' have no training row, and will", warnings[1]);
    }

    private static List<EpochMetrics> Fit(Func<NoPropOptions, NoPropOptions> change)
    {
        var progress = new Recorder<EpochMetrics>();
        TinyImages.Trainer(Context, options => change(options with { Epochs = Epochs })).Fit(Data, validation: null, progress).Dispose();
        return progress.Reports;
    }

    // A key without MapValueToKey, which would read rows ahead.
    private sealed class KeyedRow
    {
        [VectorType(1, TinyImages.Side, TinyImages.Side)]
        public float[] Features { get; init; } = [];

        [KeyType(3)]
        public uint Label { get; init; }
    }
}
