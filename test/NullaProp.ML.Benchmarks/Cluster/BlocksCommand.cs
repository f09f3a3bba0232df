using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reliability;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// <c>blocks</c>: the blocks of a model trained by one process on one thread, and by two processes on one thread each, in turns; from the
/// start of the first process to the end of the last one. Each process has a processor of its own, as a scheduler gives one to a task;
/// beside it all of them may use all processors, where one process alone reads, compiles and collects on a second one. And once by a
/// process that hands memory back to the system after every step, what a training does unless the library keeps it.
/// </summary>
internal static class BlocksCommand
{
    private const double LeastSpeedUp = 1.9;

    // A choice of the environment, which the library respects; this one is glibc's own, so that all else is, too.
    private static readonly Dictionary<string, string?> HandingBack = new() { ["GLIBC_TUNABLES"] = "glibc.malloc.perturb=0" };

    public static Command Create()
    {
        var blocks = new Option<int>("--blocks") { Description = "Blocks, an even number.", DefaultValueFactory = _ => 4 };
        var images = new Option<int>("--images") { Description = "Images of 28×28 bytes.", DefaultValueFactory = _ => 10_000 };
        var epochs = new Option<int>("--epochs") { Description = "Passes over them for each block.", DefaultValueFactory = _ => 5 };
        var rounds = new Option<int>("--rounds") { Description = "Trainings of either kind.", DefaultValueFactory = _ => 3 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "blocks",
            "Measures how much faster two processes train the blocks of a model than one, a thread each. Takes some ten minutes; leave "
            + "the machine alone meanwhile.")
        {
            blocks, images, epochs, rounds, json,
        };
        blocks.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var count && (count < 2 || count % 2 != 0))
            {
                result.AddError($"--blocks is {count}, but must be even and at least 2: two processes share them.");
            }
        });
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
        var (bound, free, inside) = (new List<(double One, double Two)>(), new List<(double One, double Two)>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            var (alone, seconds) = Run(work, processes: 1, isBound: true);
            inside.Add(seconds);
            bound.Add((alone, Run(work, processes: 2, isBound: true).Elapsed));
            free.Add((Run(work, processes: 1, isBound: false).Elapsed, Run(work, processes: 2, isBound: false).Elapsed));
            Console.WriteLine(
                $"round {round + 1}: {bound[^1].One:0.0} s by one process, {bound[^1].Two:0.0} s by two; {free[^1].One:0.0} and "
                + $"{free[^1].Two:0.0} s where they may use all processors");
        }

        var speedUp = SpeedUp(bound);
        if (speedUp < LeastSpeedUp)
        {
            report.Fell($"Two processes are {speedUp:0.00} times as fast as one, less than {LeastSpeedUp}.");
        }

        report.Set("speedUp", speedUp);
        report.Set("speedUps", new JsonArray([.. bound.Select(pair => (JsonNode)(pair.One / pair.Two))]));
        report.Set("speedUpOnAllProcessors", SpeedUp(free));
        report.Set("speedUpOfMultiplicationsAlone", MachineScaling.Measure());
        report.Set("threadsOfAProcess", 1);
        report.Set("secondsOfOneProcess", Median(bound, pair => pair.One));
        report.Set("secondsOfTwoProcesses", Median(bound, pair => pair.Two));
        report.Set("secondsOfOneProcessOnAllProcessors", Median(free, pair => pair.One));
        report.Set("secondsOfTwoProcessesOnAllProcessors", Median(free, pair => pair.Two));
        report.Set("secondsOfOneProcessHandingBack", Run(work, processes: 1, isBound: true, HandingBack).Elapsed);
        report.Set("secondsOfABlockPerImageAndEpoch", Spread.Of(inside).Median / ((double)work.Blocks * work.Images * work.Epochs));
        return report.End(json);
    }

    private static double SpeedUp(IEnumerable<(double One, double Two)> pairs) => Median(pairs, pair => pair.One / pair.Two);

    private static double Median(IEnumerable<(double One, double Two)> pairs, Func<(double One, double Two), double> figure) =>
        Spread.Of([.. pairs.Select(figure)]).Median;

    // The time from outside, and the longest time that a process spent on training.
    private static (double Elapsed, double Inside) Run(
        BlocksWork work, int processes, bool isBound, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var folder = Directory.CreateTempSubdirectory("nullaprop-blocks-").FullName;
        var share = work.Blocks / processes;
        var start = Stopwatch.GetTimestamp();
        var children = Enumerable.Range(0, processes)
            .Select(process => Task.Run(() =>
                ChildRun.On(1, isBound ? process : null, environment, work.Role(folder, process * share, share)).Numbers[0]))
            .ToArray();
        Task.WaitAll(children);
        var elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Directory.Delete(folder, recursive: true);
        return (elapsed, children.Max(child => child.Result));
    }
}
