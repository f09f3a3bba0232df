using System.CommandLine;
using System.Diagnostics;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reliability;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.Storage;
using NullaProp.ML.Training;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// <c>checkpoints</c>: what checkpoints cost at their defaults: trainings with them and without in turns, and the time that those with them
/// spend on them.
/// </summary>
internal static class CheckpointsCommand
{
    private const double MostShare = 0.01; // of the time of a training, as the limit on their cost counts it

    public static Command Create()
    {
        var images = new Option<int>("--images") { Description = "Images of 28×28 bytes.", DefaultValueFactory = _ => 10_000 };
        var epochs = new Option<int>("--epochs") { Description = "Passes over them.", DefaultValueFactory = _ => 20 };
        var rounds = new Option<int>("--rounds") { Description = "Trainings of either kind.", DefaultValueFactory = _ => 7 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "checkpoints",
            "Measures what checkpoints cost, side by side with trainings that keep none. Takes some eight minutes.")
        {
            images, epochs, rounds, json,
        };
        command.SetAction(result => Run(
            result.GetValue(images), result.GetValue(epochs), result.GetValue(rounds), result.GetValue(json)));
        return command;
    }

    private static int Run(int images, int epochs, int rounds, string? json)
    {
        var report = new ReliabilityReport($"checkpoints --images {images} --epochs {epochs} --rounds {rounds}");
        var store = ImageTensors.Store(images);
        var options = ModelPair.DefaultOptions with { Epochs = epochs };
        TrainedModel.Fit(options with { Epochs = 1 }, store).Dispose(); // code is compiled once
        var (with, without, shares, each, saved) = (new List<double>(), new List<double>(), new List<double>(), new List<double>(), 0);
        for (var round = 0; round < rounds; round++)
        {
            var folder = Directory.CreateTempSubdirectory("nullaprop-checkpoints-").FullName;
            TimedStates? states = null;
            Action[] pair =
            [
                () => without.Add(Seconds(() => TrainedModel.Fit(options, store).Dispose())),
                () => with.Add(Seconds(() => states = Kept(options, store, folder))),
            ];
            Array.ForEach(round % 2 == 0 ? pair : [pair[1], pair[0]], run => run()); // who comes first changes
            shares.Add(states!.Spent.TotalSeconds / with[^1]);
            each.Add(states.OfSaving.TotalMilliseconds / states.Count);
            saved = states.Count;
            report.Set("bytesOfACheckpoint", Directory.EnumerateFiles(folder, "training.*", SearchOption.AllDirectories)
                .GroupBy(Path.GetDirectoryName).Max(checkpoint => checkpoint.Sum(file => new FileInfo(file).Length)));
            Directory.Delete(folder, recursive: true);
        }

        var share = Spread.Of(shares);
        var ratio = Spread.Of(with.Zip(without, (one, other) => one / other));
        Judge(report, share, ratio);
        report.Set("shareOfTrainingTime", share.Median);
        report.Set("shareOfTrainingTimeMost", share.Most);
        report.Set("ratioWithToWithout", ratio.Median);
        report.Set("ratioWithToWithoutLowerQuartile", ratio.LowerQuartile);
        report.Set("ratioWithToWithoutUpperQuartile", ratio.UpperQuartile);
        report.Set("secondsOfATraining", Spread.Of(without).Median);
        report.Set("checkpointsOfATraining", saved);
        report.Set("millisecondsOfACheckpoint", Spread.Of(each).Median);
        return report.End(json);
    }

    // The limit on their cost counts what it can see. The clock on the wall sees all, and everything else, so that its ratios spread.
    private static void Judge(ReliabilityReport report, Spread share, Spread ratio)
    {
        if (share.Median > MostShare)
        {
            report.Fell($"Checkpoints take {share.Median:P2} of the time of a training, more than {MostShare:P0}.");
        }

        if (ratio.LowerQuartile > 1 + MostShare)
        {
            report.Fell($"Trainings with checkpoints take {ratio.Median:0.000} times as long as those without, side by side, and three in "
                + $"four more than {ratio.LowerQuartile:0.000} times.");
        }
    }

    private static TimedStates Kept(NoPropOptions options, TrainingImages.ImageStore store, string path)
    {
        var watch = Stopwatch.StartNew();
        var description = new ModelDescription(options, SyntheticImages.Shape, SyntheticImages.Classes, Keys: null, Seed: 1);
        var fingerprint = new TrainingFingerprint(description, null, store.Hash(), null, null, ModelFile.LibraryVersion, "CPU");
        using var folder = CheckpointFolder.Open(path, TimeSpan.Zero, Ignore, () => { }, CancellationToken.None);
        var series = new CheckpointSeries(folder, new Checkpoints(path), fingerprint, TimeProvider.System, Ignore, Ignore);
        var states = new TimedStates(series, watch.Elapsed);
        TrainedModel.Fit(options, store, states).Dispose();
        return states;

        static void Ignore(string message)
        {
        }
    }

    private static double Seconds(Action action)
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Measures what a training spends on its states: the hash of the data, copies of the weights, the files.</summary>
    /// <param name="states">What keeps them.</param>
    /// <param name="before">What was spent before the training.</param>
    private sealed class TimedStates(ITrainingStates states, TimeSpan before) : ITrainingStates
    {
        private long _asked;

        public int Count { get; private set; }

        public TimeSpan OfSaving { get; private set; }

        public TimeSpan Spent => before + OfSaving;

        public TrainingState? Newest() => states.Newest();

        // The training copies its weights between this question and the saving.
        public bool IsDue(TrainingPlace place)
        {
            _asked = Stopwatch.GetTimestamp();
            return states.IsDue(place);
        }

        public void Save(TrainingState state)
        {
            states.Save(state);
            OfSaving += Stopwatch.GetElapsedTime(_asked);
            Count++;
        }
    }
}
