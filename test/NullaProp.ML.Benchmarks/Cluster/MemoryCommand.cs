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
        foreach (var depth in depths)
        {
            var row = new JsonObject { ["blocks"] = depth };
            foreach (var kind in Enum.GetValues<MemoryKind>())
            {
                row[$"megabytes{kind}"] = Spread.Of(Enumerable.Range(0, rounds).Select(_ => Peak(kind, depth) / 1e6)).Median;
            }

            rows.Add(row);
            Console.WriteLine(row.ToJsonString());
        }

        report.Set("batchSize", ChainTraining.BatchSize);
        report.Set("steps", ChainTraining.Steps);
        report.Set("peaks", rows);
        return report.End(json);
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
