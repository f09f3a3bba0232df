using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reliability;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// <c>blocks</c>: the blocks of a model trained by one process on one thread, and by two processes on one thread each, in turns; from the
/// start of the first process to the end of the last one. The processes keep freed memory, as the samples program does where it trains, and
/// beside it they hand it back, as a host does that chooses nothing.
/// </summary>
internal static class BlocksCommand
{
    private const double LeastSpeedUp = 1.9;

    private static readonly Dictionary<string, string?> KeepingMemory = new()
    {
        ["MALLOC_TRIM_THRESHOLD_"] = "2000000000",
        ["MALLOC_MMAP_THRESHOLD_"] = "2000000000",
    };

    public static Command Create()
    {
        var blocks = new Option<int>("--blocks") { Description = "Blocks, an even number.", DefaultValueFactory = _ => 4 };
        var images = new Option<int>("--images") { Description = "Images of 28×28 bytes.", DefaultValueFactory = _ => 10_000 };
        var epochs = new Option<int>("--epochs") { Description = "Passes over them for each block.", DefaultValueFactory = _ => 3 };
        var rounds = new Option<int>("--rounds") { Description = "Trainings of either kind.", DefaultValueFactory = _ => 3 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "blocks",
            "Measures how much faster two processes train the blocks of a model than one, a thread each. Takes some eight minutes; leave "
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
        var handingBack = new List<(double One, double Two)>();
        for (var round = 0; round < rounds; round++)
        {
            var (alone, seconds) = Run(work, processes: 1, KeepingMemory);
            one.Add(alone);
            inside.Add(seconds);
            two.Add(Run(work, processes: 2, KeepingMemory).Elapsed);
            handingBack.Add((Run(work, processes: 1, environment: null).Elapsed, Run(work, processes: 2, environment: null).Elapsed));
            Console.WriteLine(
                $"round {round + 1}: {one[^1]:0.0} s by one process, {two[^1]:0.0} s by two; {handingBack[^1].One:0.0} and "
                + $"{handingBack[^1].Two:0.0} s where memory is handed back");
        }

        var speedUp = Spread.Of(one.Zip(two, (a, b) => a / b));
        if (speedUp.Median < LeastSpeedUp)
        {
            report.Fell($"Two processes are {speedUp.Median:0.00} times as fast as one, less than {LeastSpeedUp}.");
        }

        report.Set("speedUp", speedUp.Median);
        report.Set("speedUps", new JsonArray([.. one.Zip(two, (a, b) => (JsonNode)(a / b))]));
        report.Set("speedUpWhereMemoryIsHandedBack", Spread.Of([.. handingBack.Select(pair => pair.One / pair.Two)]).Median);
        report.Set("secondsOfOneProcessHandingBack", Spread.Of([.. handingBack.Select(pair => pair.One)]).Median);
        report.Set("secondsOfTwoProcessesHandingBack", Spread.Of([.. handingBack.Select(pair => pair.Two)]).Median);
        report.Set("speedUpOfMultiplicationsAlone", MachineScaling.Measure());
        report.Set("threadsOfAProcess", 1);
        report.Set("secondsOfOneProcess", Spread.Of(one).Median);
        report.Set("secondsOfTwoProcesses", Spread.Of(two).Median);
        report.Set("secondsOfABlockPerImageAndEpoch", Spread.Of(inside).Median / ((double)work.Blocks * work.Images * work.Epochs));
        return report.End(json);
    }

    // The time from outside, and the longest time that a process spent on training.
    private static (double Elapsed, double Inside) Run(
        BlocksWork work, int processes, IReadOnlyDictionary<string, string?>? environment)
    {
        var folder = Directory.CreateTempSubdirectory("nullaprop-blocks-").FullName;
        var share = work.Blocks / processes;
        var start = Stopwatch.GetTimestamp();
        var children = Enumerable.Range(0, processes)
            .Select(process => Task.Run(() => ChildRun.On(1, environment, work.Role(folder, process * share, share)).Numbers[0]))
            .ToArray();
        Task.WaitAll(children);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Directory.Delete(folder, recursive: true);
        return (elapsed, children.Max(child => child.Result));
    }
}
