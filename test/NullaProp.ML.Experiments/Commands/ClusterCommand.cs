using System.CommandLine;
using System.Text.Json.Nodes;
using NullaProp.ML.Experiments.Cluster;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Reporting;
using SkiaSharp;
using Spectre.Console;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>cluster</c>: the table and the picture of docs/cluster.md, simulated from times that were measured.</summary>
internal sealed class ClusterCommand
{
    private const double PublishedEfficiency = 0.9;
    private const int Seed = 1;

    private readonly Option<string> _measured = new("--measured")
    {
        Description = "What the benchmarks' 'blocks' wrote: the time of a block for an image and epoch.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<int> _blocks = Number("--blocks", "Blocks of the model.", 100);
    private readonly Option<int> _images = Number("--images", "Training images; the default is that of ImageNet.", 1_281_167);
    private readonly Option<int> _epochs = Number("--epochs", "Passes over them for each block.", 90);
    private readonly Option<int> _runs = Number("--runs", "Simulated trainings of each kind.", 1_000);
    private readonly Option<double> _loss = Number("--loss", "The probability that a worker is lost within an hour.", 0.1);
    private readonly Option<double> _checkpoint = Number("--checkpoint-seconds", "What a checkpoint of a block costs.", 0.05);
    private readonly Option<double> _restart = Number("--restart-seconds", "How long a lost worker is away.", 150.0);
    private readonly Option<string> _json = new("--json") { Description = "File of results.", HelpName = "FILE", Required = true };
    private readonly Option<string?> _chart = new("--chart") { Description = "File of the picture.", HelpName = "FILE.png" };

    public static Command Create()
    {
        var cluster = new ClusterCommand();
        var command = new Command(
            "cluster",
            "Simulates a long training on workers that get lost: blocks apart against synchronous data parallelism. Takes seconds.")
        {
            cluster._measured, cluster._blocks, cluster._images, cluster._epochs, cluster._runs, cluster._loss, cluster._checkpoint,
            cluster._restart, cluster._json, cluster._chart,
        };
        command.SetBody(cluster.Run);
        return command;
    }

    private static Option<T> Number<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        var epochs = arguments.GetValue(_epochs);
        var simulation = new ClusterSimulation(
            arguments.GetValue(_blocks),
            SecondsPerImage(arguments.GetRequiredValue(_measured)) * arguments.GetValue(_images) * epochs,
            epochs,
            arguments.GetValue(_checkpoint),
            arguments.GetValue(_restart),
            arguments.GetValue(_loss));
        var runs = arguments.GetValue(_runs);
        var results = new ResultFile<ClusterRow>(arguments.GetRequiredValue(_json));
        var table = new Table()
            .AddColumns("Workers", "Road", "Hours", "5 % … 95 %", "Speed-up", "Hours of work lost", "Hours by Daly 2006");
        Console.WriteLine($"A block takes a worker {simulation.BlockSeconds / 3600:0.00} hours. Simulated, {runs} times each.");
        foreach (var row in new[] { 10, 100 }.SelectMany(workers => Rows(simulation, workers, runs)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            results.Add([row]);
            table.AddRow(
                $"{row.Workers}", row.Road, $"{row.Hours:0.00}", $"{row.Hours5:0.00} … {row.Hours95:0.00}", $"{row.SpeedUp:0.0}",
                $"{row.HoursOfWorkLost:0.00}", row.HoursByDaly is { } hours ? $"{hours:0.00}" : "–");
        }

        AnsiConsole.Write(table);
        if (arguments.GetValue(_chart) is { } chart)
        {
            var rows = Enumerable.Range(1, 10).SelectMany(tens => Rows(simulation, 10 * tens, runs));
            Draw(OutputFile.At(chart, OutputKind.Picture).Path, [.. rows]);
        }

        return 0;
    }

    // The efficiency is that of Goyal et al. 2017 (arXiv 1706.02677), who saw about 90 % from 8 to 256 GPUs.
    private static IEnumerable<ClusterRow> Rows(ClusterSimulation simulation, int workers, int runs)
    {
        yield return ClusterRow.Of("blocks apart", simulation, workers, runs, Seed, (random) => simulation.Apart(workers, random), null);
        foreach (var (name, efficiency) in new[] { ("data parallel, free network", 1.0), ("data parallel, 90 %", PublishedEfficiency) })
        {
            yield return ClusterRow.Of(
                name, simulation, workers, runs, Seed, random => simulation.Together(workers, efficiency, random),
                simulation.Daly(workers, efficiency) / 3_600);
        }
    }

    private static void Draw(string path, IReadOnlyList<ClusterRow> rows)
    {
        SKColor[] colors = [new(31, 119, 180), new(230, 110, 20), new(150, 60, 150)];
        var curves = rows.GroupBy(row => row.Road).Zip(colors, (road, color) =>
            new ChartCurve(road.Key, color, [.. road.Select(row => ((double)row.Workers, row.SpeedUp))]));
        var workers = rows.Select(row => (double)row.Workers).Distinct();
        var ideal = new ChartCurve("nobody is lost", new SKColor(170, 170, 170), [.. workers.Select(count => (count, count))]);
        using var canvas = new ChartCanvas(900, 560);
        new CurvePanel(canvas, SKRect.Create(0, 0, 900, 560)).Draw(
            "Speed-up, simulated: each worker is lost with p = 0.1 an hour", "times as fast as one undisturbed worker", [ideal, .. curves],
            axis: "workers");
        canvas.SavePng(path);
    }

    private static double SecondsPerImage(string path)
    {
        try
        {
            return (double)JsonNode.Parse(File.ReadAllText(path))!["figures"]!["secondsOfABlockPerImageAndEpoch"]!;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Text.Json.JsonException
            or NullReferenceException or InvalidOperationException)
        {
            throw new UserMistakeException($"The file '{path}' cannot be read as figures of the benchmarks' 'blocks'.", exception);
        }
    }
}
