using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed partial class TrainingLoopTests
{
    private static readonly NoPropOptions Short =
        TinyModel.Small(new() { Epochs = 2, BatchSize = 8, LearningRate = 0.01, Sampling = new() { SolverSteps = 2 } });

    // Both formulations and the yardstick must learn 24 images of three kinds by heart.
    [TestMethod]
    [DataRow("default")]
    [DataRow("nullaprop")]
    [DataRow("crossEntropy")]
    public void Run_TinySeparableSet_IsLearnedByHeart(string kind)
    {
        var options = kind switch
        {
            "default" => new NoPropOptions(),
            "nullaprop" => NoPropOptions.JaxReference,
            _ => new NoPropOptions { Variant = new CrossEntropyBaseline() },
        };
        var epochs = new List<EpochMetrics>();

        using var model = Train(
            TinyModel.Small(options with
            {
                Epochs = 20,
                BatchSize = 8,
                LearningRate = 0.01,
                Sampling = options.Sampling with { SolverSteps = 4 },
            }),
            Images(24),
            epochs);

        Assert.HasCount(20, epochs);
        Assert.AreEqual(1, epochs[^1].TrainingAccuracy);
        Assert.IsLessThan(epochs[0].TrainingLoss, epochs[^1].TrainingLoss);
    }

    [TestMethod]
    public void Run_EveryEpoch_ReportsTermsThatAddUpAndTheRateOfItsLastStep()
    {
        var epochs = new List<EpochMetrics>();
        var options =
            Short with
            {
                Variant =
                    ((ContinuousTime)Short.Variant) with
                    {
                        NoiseSchedule = NoiseScheduleKind.LearnedJointly,
                        LossWeighting = LossWeighting.SnrDerivative,
                    },
            };

        using var model = Train(options, Images(20), epochs, Images(6));

        CollectionAssert.AreEqual(new[] { (1, 2), (2, 2) }, epochs.Select(epoch => (epoch.Epoch, epoch.Epochs)).ToArray());
        foreach (var epoch in epochs)
        {
            Assert.AreEqual(epoch.DenoisingLoss + epoch.PriorLoss + epoch.ReadoutLoss, epoch.TrainingLoss, 1e-12);
            Assert.IsNotNull(epoch.ValidationAccuracy);
            Assert.AreEqual(1, epoch.EmbeddingNorm, 1e-6); // one-hot
        }

        // 20 images in batches of 8 are 3 steps an epoch, the last of 4 images: the rates of steps 2 and 5 of 6.
        var rate = new LearningRates(options, 6);
        Assert.AreEqual(rate.At(2), epochs[0].LearningRate);
        Assert.AreEqual(rate.At(5), epochs[1].LearningRate);
    }

    [TestMethod]
    public void Run_SameSeedTwice_GivesTheSameWeights()
    {
        using var first = Train(Short, Images(20), []);
        using var again = Train(Short, Images(20), []);

        foreach (var ((name, value), (_, same)) in first.Weights.Values.Zip(again.Weights.Values))
        {
            CollectionAssert.AreEqual(value.data<float>().ToArray(), same.data<float>().ToArray(), name);
        }
    }

    [TestMethod]
    public void Run_AnyOptions_LeavesTheProcessWideGeneratorAndNoTensorBehind()
    {
        using var scope = NewDisposeScope();
        var generator = Generator.Default.get_state().data<byte>().ToArray();
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        using (NewDisposeScope())
        {
            Train(Short with { EarlyStoppingPatience = 1 }, Images(20), [], Images(6)).Dispose();
        }

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
        CollectionAssert.AreEqual(generator, Generator.Default.get_state().data<byte>().ToArray());
    }

    [TestMethod]
    public void Run_LossThatBecomesNaN_NamesEpochAndStepAndWhatToDo()
    {
        var images = Images(20);
        var broken = new float[64];
        broken[5] = float.NaN;
        images.Add(broken, 0);
        var epochs = new List<EpochMetrics>();
        var options = Short with { BatchSize = 1 };

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Train(options, images, epochs));

        var step = Array.IndexOf(new RandomStreams(3).Of("training/order").Permutation(21), 20) + 1;
        Assert.Contains($"epoch 1 at step {step} of 21", fault.Message);
        Assert.Contains("Lower LearningRate (now 0.01)", fault.Message);
        Assert.IsEmpty(epochs);
    }

    [TestMethod]
    public void Run_EarlyStopping_RestoresTheWeightsOfTheLowestValidationLoss()
    {
        // So high a rate that the loss jumps about.
        var options =
            Short with { Epochs = 12, EarlyStoppingPatience = 3, LearningRate = 0.1, LearningRateSchedule = LearningRateSchedule.Constant };
        var (epochs, snapshots) = (new List<EpochMetrics>(), new List<float[]>());

        using var model = Train(options, Images(20), epochs, Images(6), snapshots);

        var best = epochs.MinBy(epoch => epoch.ValidationLogLoss)!.Epoch;
        CollectionAssert.AreEqual(snapshots[best - 1], Snapshot(model));
        Assert.IsTrue(epochs.Count == 12 || epochs.Count == best + 3, $"best epoch {best}, stopped after {epochs.Count}");
    }

    // No model of such a schedule could be saved at the end.
    [TestMethod]
    public void Run_EndsOfTheScheduleThatCross_AreSaidAtOnce()
    {
        using var model = Crossed();
        var data = new TrainingData(Images(20), null, new RandomStreams(3));
        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => new TrainingLoop(model, JointSchedule, data, new TrainingMonitor(_ => { }, () => { })).Run());

        Assert.AreEqual(
            "The trained ends of the noise schedule crossed in epoch 1: it does not rise from noise to label any more, so training was "
                + "stopped. Lower LearningRate (now 1E-06); choose PriorLoss.ExactKl and DenoisingLoss.SquaredError, under which the loss "
                + "holds them apart; or NoiseScheduleKind.Learned, whose ends stay.",
            fault.Message);
    }

    [TestMethod]
    public void Run_CancelledAfterTheEndsCrossed_GivesNoModelThatCouldNotBeSaved()
    {
        using var model = Crossed();
        var steps = 0;
        var monitor = new TrainingMonitor(_ => { }, () => _ = ++steps == 3 ? throw new OperationCanceledException() : steps)
        {
            WhenCancelled = WhenCancelled.ReturnLast,
        };

        Assert.ThrowsExactly<OperationCanceledException>(
            () => new TrainingLoop(model, JointSchedule, new TrainingData(Images(20), null, new RandomStreams(3)), monitor).Run());
    }

    // A rate so low that the network stays what it was: the loss of a row does not depend on those beside it.
    [TestMethod]
    public void Run_LastBatchOfFewRows_CountsThemAsTheOthersInTheLoss()
    {
        Assert.AreEqual(Loss(batchSize: 20), Loss(batchSize: 19), 1e-5);
        Assert.AreEqual(Loss(batchSize: 20), Loss(batchSize: 8), 1e-5);
        Assert.AreEqual(Loss(batchSize: 20), Loss(batchSize: 65_536), 1e-5);

        static double Loss(int batchSize)
        {
            var options = TinyModel.Small(new NoPropOptions
            {
                Epochs = 1,
                BatchSize = batchSize,
                LearningRate = 1e-9,
                Variant = new CrossEntropyBaseline(),
            });
            using var model = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), options, TinyModel.Shape, 3);
            var losses = new List<double>();
            var monitor = new TrainingMonitor(epoch => losses.Add(epoch.TrainingLoss), () => { });
            new TrainingLoop(model, options, new TrainingData(Images(20), null, new RandomStreams(3)), monitor).Run();
            return losses.Single();
        }
    }

    [TestMethod]
    public void Run_CancelledAtAStep_StopsThere()
    {
        var steps = 0;
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Short, TinyModel.Shape, 3);
        var monitor = new TrainingMonitor(_ => { }, () => _ = ++steps == 4 ? throw new OperationCanceledException() : steps);

        Assert.ThrowsExactly<OperationCanceledException>(
            () => new TrainingLoop(model, Short, new TrainingData(Images(20), null, new RandomStreams(3)), monitor).Run());

        Assert.AreEqual(4, steps);
    }

    // The first epoch changes decayed and undecayed weights alike, and none that are fixed.
    [TestMethod]
    public void Run_OneEpoch_ChangesExactlyTheTrainedWeights()
    {
        using var before = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Short, TinyModel.Shape, 3);
        using var after = Train(Short with { Epochs = 1 }, Images(20), []);
        var trained = after.Weights.Trained.Select(weight => weight.Key).ToHashSet();

        foreach (var ((name, old), (_, changed)) in before.Weights.Values.Zip(after.Weights.Values))
        {
            Assert.AreEqual(trained.Contains(name), !old.data<float>().SequenceEqual(changed.data<float>()), name);
        }
    }

    // Three kinds of picture: bright above, bright below, bright to the left; with a little noise.
    private static NoPropOptions JointSchedule { get; } = Short with
    {
        LearningRate = 1e-6,
        Variant = new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LearnedJointly, LossWeighting = LossWeighting.SnrDerivative },
    };

    // A model whose schedule falls from noise to label.
    private static Denoiser Crossed()
    {
        var model = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), JointSchedule, TinyModel.Shape, 3);
        using var mode = no_grad();
        model.Weights.Values.Single(weight => weight.Key == "schedule.noise_end").Value.fill_(9);
        return model;
    }

    private static ImageStore Images(int count, Func<int, int>? label = null)
    {
        var store = new ImageStore(TinyModel.Shape);
        var random = new Random(count);
        for (var i = 0; i < count; i++)
        {
            var pixels = new float[64];
            for (var p = 0; p < 64; p++)
            {
                var isBright = (i % 3) switch { 0 => p < 32, 1 => p >= 32, _ => p % 8 < 4 };
                pixels[p] = (isBright ? 1 : 0) + (0.1f * random.NextSingle());
            }

            store.Add(pixels, label?.Invoke(i) ?? i % 3);
        }

        return store;
    }

    private static Denoiser Train(
        NoPropOptions options,
        ImageStore images,
        List<EpochMetrics> epochs,
        ImageStore? validation = null,
        List<float[]>? snapshots = null)
    {
        var model = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), options, TinyModel.Shape, 3);
        var monitor = new TrainingMonitor(
            metrics =>
            {
                epochs.Add(metrics);
                snapshots?.Add(Snapshot(model));
            },
            () => { });
        try
        {
            new TrainingLoop(model, options, new TrainingData(images, validation, new RandomStreams(3)), monitor).Run();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static float[] Snapshot(Denoiser model) => [.. model.Weights.Values.SelectMany(weight => weight.Value.data<float>().ToArray())];
}
