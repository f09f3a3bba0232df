using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Cluster;

/// <summary>A training of blocks, of which a process does a part.</summary>
/// <param name="Blocks">The number of blocks.</param>
/// <param name="Images">The number of synthetic images.</param>
/// <param name="Epochs">The passes over them for each block.</param>
internal sealed record BlocksWork(int Blocks, int Images, int Epochs)
{
    /// <summary>The role of a child process that trains some blocks; it prints the seconds.</summary>
    public const string Child = "child-blocks";

    /// <summary>Returns the role with its arguments.</summary>
    /// <param name="folder">The shared folder.</param>
    /// <param name="first">The first block of the process.</param>
    /// <param name="count">The number of its blocks.</param>
    public string[] Role(string folder, int first, int count) =>
        [Child, folder, .. new[] { Blocks, Images, Epochs, first, count }.Select(number => number.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Trains some blocks; prints the seconds, reading of the rows included.</summary>
    /// <param name="folder">The shared folder.</param>
    /// <param name="first">The first block.</param>
    /// <param name="count">The number of blocks.</param>
    public void Train(string folder, int first, int count)
    {
        var context = new MLContext(seed: 1);
        var data = context.Data.LoadFromEnumerable(Enumerable.Range(0, Images).Select(ByteRow.Of).ToArray());
        var options = new NoPropOptions { Variant = new DiscreteTime { BlockCount = Blocks }, Epochs = Epochs };
        var blocks = new NoPropBlocks(context.MulticlassClassification.Trainers.NoProp(options), new Checkpoints(folder));
        var watch = Stopwatch.StartNew();
        foreach (var block in Enumerable.Range(first, count))
        {
            blocks.Train(data, block);
        }

        Console.WriteLine($"{watch.Elapsed.TotalSeconds:0.000}");
    }
}
