using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reliability;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>
/// <c>memory</c>: the peak memory of a process that trains one block, of one that trains all blocks one after the other, and of one that
/// trains the plain network of the same depth with back-propagation through all of it.
/// </summary>
internal static class MemoryCommand
{
    private const double MostGrowth = 1.05; // of a worker, from the fewest blocks to any more: it holds one of them

    public static Command Create()
    {
        var depths = new Option<int[]>("--blocks")
        {
            Description = "Numbers of blocks.",
            DefaultValueFactory = _ => [1, 5, 10, 20],
            AllowMultipleArgumentsPerToken = true,
        };
        var rounds = new Option<int>("--rounds") { Description = "Processes of each kind.", DefaultValueFactory = _ => 3 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command("memory", "Measures the peak memory of workers and of what they replace. Takes some three minutes.")
        {
            depths, rounds, json,
        };
        command.SetAction(result => Run(result.GetRequiredValue(depths), result.GetValue(rounds), result.GetValue(json)));
        return command;
    }

    private static int Run(int[] depths, int rounds, string? json)
    {
        var report = new ReliabilityReport($"memory --blocks {string.Join(' ', depths)} --rounds {rounds}");
        var rows = new JsonArray();
        double? worker = null; // that of the fewest blocks
        foreach (var depth in depths.Order())
        {
            var peaks = Enum.GetValues<MemoryKind>().ToDictionary(
                kind => kind,
                kind => Spread.Of(Enumerable.Range(0, rounds).Select(_ => Peak(kind, depth) / 1e6)).Median);
            var row = new JsonObject { ["blocks"] = depth };
            foreach (var (kind, megabytes) in peaks)
            {
                row[$"megabytes{kind}"] = megabytes;
            }

            rows.Add(row);
            Console.WriteLine(row.ToJsonString());
            worker ??= peaks[MemoryKind.OneBlock];
            Judge(depth, peaks, worker.Value, report);
        }

        report.Set("batchSize", ChainTraining.BatchSize);
        report.Set("steps", ChainTraining.Steps);
        report.Set("peaks", rows);
        return report.End(json);
    }

    // What docs/cluster.md promises: a worker needs the same whatever the depth, and less than what reaches through all blocks.
    private static void Judge(int depth, Dictionary<MemoryKind, double> peaks, double worker, ReliabilityReport report)
    {
        var (one, all, through) = (peaks[MemoryKind.OneBlock], peaks[MemoryKind.AllBlocks], peaks[MemoryKind.BackPropagation]);
        if (!(one <= MostGrowth * worker))
        {
            report.Fell($"A worker takes {one:0} MB with {depth} blocks, and {worker:0} with the fewest.");
        }

        if (depth > 1 && !(one < all && all < through))
        {
            report.Fell($"With {depth} blocks, one takes {one:0} MB, all by themselves {all:0}, and back-propagation {through:0}.");
        }
    }

    private static double Peak(MemoryKind kind, int depth) =>
        ChildRun.On(1, ChainTraining.Child, kind.ToString(), depth.ToString(CultureInfo.InvariantCulture)).Numbers[0];
}

/// <summary>What a process of <see cref="MemoryCommand"/> does.</summary>
internal enum MemoryKind
{
    /// <summary>Loads libtorch and the images, and trains nothing.</summary>
    Idle,

    /// <summary>Trains one block by its own loss, as a worker does.</summary>
    OneBlock,

    /// <summary>Trains all blocks, one after the other in each epoch, as a single process does.</summary>
    AllBlocks,

    /// <summary>Trains the blocks as one network: each hands its label to the next, and the loss behind the last one reaches all.</summary>
    BackPropagation,
}
