using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reliability;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// <c>blocks</c>: the blocks of a model trained by one process on one thread, and by two processes on one thread each, in turns; from the
/// start of the first process to the end of the last one.
/// </summary>
internal static class BlocksCommand
{
    private const double LeastSpeedUp = 1.9;

    public static Command Create()
    {
        var blocks = new Option<int>("--blocks") { Description = "Blocks, an even number.", DefaultValueFactory = _ => 4 };
        var images = new Option<int>("--images") { Description = "Images of 28×28 bytes.", DefaultValueFactory = _ => 10_000 };
        var epochs = new Option<int>("--epochs") { Description = "Passes over them for each block.", DefaultValueFactory = _ => 3 };
        var rounds = new Option<int>("--rounds") { Description = "Trainings of either kind.", DefaultValueFactory = _ => 3 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "blocks",
            "Measures how much faster two processes train the blocks of a model than one, a thread each. Takes some five minutes; leave "
            + "the machine alone meanwhile.")
        {
            blocks, images, epochs, rounds, json,
        };
        command.SetAction(result => Run(
            new BlocksWork(result.GetValue(blocks), result.GetValue(images), result.GetValue(epochs)),
            result.GetValue(rounds),
            result.GetValue(json)));
        return command;
    }

    private static int Run(BlocksWork work, int rounds, string? json)
    {
        var report = new ReliabilityReport(
            $"blocks --blocks {work.Blocks} --images {work.Images} --epochs {work.Epochs} --rounds {rounds}");
        var (one, two, inside) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var (alone, seconds) = Run(work, processes: 1);
            one.Add(alone);
            inside.Add(seconds);
            two.Add(Run(work, processes: 2).Elapsed);
            Console.WriteLine($"round {round + 1}: {one[^1]:0.0} s by one process, {two[^1]:0.0} s by two");
        }

        var speedUp = Spread.Of(one.Zip(two, (a, b) => a / b));
        if (speedUp.Median < LeastSpeedUp)
        {
            report.Fell($"Two processes are {speedUp.Median:0.00} times as fast as one, less than {LeastSpeedUp}.");
        }

        report.Set("speedUp", speedUp.Median);
        report.Set("speedUps", new JsonArray([.. one.Zip(two, (a, b) => (JsonNode)(a / b))]));
        report.Set("speedUpOfMultiplicationsAlone", MachineScaling.Measure());
        report.Set("threadsOfAProcess", 1);
        report.Set("secondsOfOneProcess", Spread.Of(one).Median);
        report.Set("secondsOfTwoProcesses", Spread.Of(two).Median);
        report.Set("secondsOfABlockPerImageAndEpoch", Spread.Of(inside).Median / ((double)work.Blocks * work.Images * work.Epochs));
        return report.End(json);
    }

    // The time from outside, and the longest time that a process spent on training.
    private static (double Elapsed, double Inside) Run(BlocksWork work, int processes)
    {
        var folder = Directory.CreateTempSubdirectory("nullaprop-blocks-").FullName;
        var share = work.Blocks / processes;
        var start = Stopwatch.GetTimestamp();
        var children = Enumerable.Range(0, processes)
            .Select(process => Task.Run(() => ChildRun.On(1, work.Role(folder, process * share, share)).Numbers[0]))
            .ToArray();
        Task.WaitAll(children);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Directory.Delete(folder, recursive: true);
        return (elapsed, children.Max(child => child.Result));
    }
}
