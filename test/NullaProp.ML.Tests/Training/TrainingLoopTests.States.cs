using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

/// <summary>What is kept of a training, and how one goes on from it.</summary>
public sealed partial class TrainingLoopTests
{
    // Stopped between the measurement of the start and the first step: it is not measured, and counted, a second time.
    [TestMethod]
    public void Run_GoingOnFromBeforeTheFirstStep_CountsTheStartOnce()
    {
        var images = Images(24);
        TrainingData Data() => new(images, Images(12, label: i => (i + 1) % 3), new RandomStreams(3));
        var states = new States();
        using var stopped = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Short, TinyModel.Shape, 3);
        var atOnce = new TrainingMonitor(_ => { }, () => throw new OperationCanceledException())
        {
            KeepsBestOrStart = true,
            States = states,
        };
        Assert.ThrowsExactly<OperationCanceledException>(() => new TrainingLoop(stopped, Short, Data(), atOnce).Run());
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Short, TinyModel.Shape, 3);
        var monitor = new TrainingMonitor(_ => { }, () => { }) { KeepsBestOrStart = true, States = new States { Kept = states.Kept } };
        var loop = new TrainingLoop(model, Short, Data(), monitor);

        loop.Run();

        Assert.AreEqual(default, states.Kept!.Place);
        Assert.IsTrue(loop.IsStartBest);
    }

    // A full disk: what was trained is not lost with it.
    [TestMethod]
    public void Run_CancelledWhereNoStateCanBeKept_GivesTheModelAndSaysSo()
    {
        var (warnings, model) = Cancelled(WhenCancelled.ReturnLast);
        model.Dispose();
        var fault = Assert.ThrowsExactly<IOException>(() => Cancelled(WhenCancelled.Throw));

        Assert.AreEqual("No checkpoint of the cancelled training could be written: The disk is full.", warnings.Single());
        Assert.AreEqual("The disk is full.", fault.Message);

        static (List<string> Warnings, Denoiser Model) Cancelled(WhenCancelled when)
        {
            var (warnings, steps) = (new List<string>(), 0);
            var network = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Short, TinyModel.Shape, 3);
            try
            {
                var monitor = new TrainingMonitor(_ => { }, () => _ = ++steps == 3 ? throw new OperationCanceledException() : steps)
                {
                    States = new FullDisk(),
                    WhenCancelled = when,
                    Warn = warnings.Add,
                };
                new TrainingLoop(network, Short, new TrainingData(Images(20), null, new RandomStreams(3)), monitor).Run();
                return (warnings, network);
            }
            catch
            {
                network.Dispose();
                throw;
            }
        }
    }

    // The weights to compare with are those from before the first step, whichever process goes on; these validation labels lie.
    [TestMethod]
    public void Run_GoingOnWhereTheStartMayStay_KeepsWhatOneTrainingKeeps()
    {
        var states = new States();

        var (whole, expected) = Tried(states);
        var (rest, actual) = Tried(new States { Kept = states.Kept });

        Assert.AreEqual(1, states.Kept!.Place.Epoch);
        Assert.IsTrue(whole.IsStartBest);
        Assert.IsTrue(rest.IsStartBest);
        Assert.AreEqual(whole.LowestLogLoss, rest.LowestLogLoss);
        CollectionAssert.AreEqual(expected, actual);

        static (TrainingLoop Loop, float[] Weights) Tried(States states)
        {
            using var model = new Denoiser(Weights.Drawn(new RandomStreams(3), CPU), Short, TinyModel.Shape, 3);
            var data = new TrainingData(Images(24), Images(12, label: i => (i + 1) % 3), new RandomStreams(3));
            var loop = new TrainingLoop(
                model, Short, data, new TrainingMonitor(_ => { }, () => { }) { KeepsBestOrStart = true, States = states });
            loop.Run();
            return (loop, Snapshot(model));
        }
    }

    private sealed class FullDisk : ITrainingStates
    {
        public TrainingState? Newest() => null;

        public bool IsDue(TrainingPlace place) => false;

        public void Save(TrainingState state) => throw new IOException("The disk is full.");
    }

    // Keeps that of the first epoch.
    private sealed class States : ITrainingStates
    {
        public TrainingState? Kept { get; set; }

        public TrainingState? Newest() => Kept;

        public bool IsDue(TrainingPlace place) => Kept is null && place is { Epoch: 1, Pass: 0, Step: 0 };

        public void Save(TrainingState state) => Kept ??= state;
    }
}
