using System.CommandLine;
using NullaProp.ML.Samples.Scoring;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>score MODEL.zip IMAGES</c>: many images to files, by one worker or by many, again and again until all are there.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL.zip")
        {
            Description = "A model that 'quickstart', 'train' or 'blocks merge' has saved.",
        };
        var images = new Argument<string>("IMAGES")
        {
            Description = "A folder of images, those in folders below it included, or a text file with a path on each line; paths in it "
                + "are seen from its folder.",
        };
        var output = new Option<string>("--output") { Description = "Folder of results.", HelpName = "DIR", Required = true };
        var partSize = new Option<int>("--part-size") { Description = "Images of a file.", DefaultValueFactory = _ => 1_000 };
        var parquet = new Option<bool>("--parquet") { Description = "Write Parquet files in place of CSV." };
        var of = new Option<int>("--of")
        {
            Description = "Number of workers that share the files of results.",
            DefaultValueFactory = _ => 1,
        };
        var index = new WorkerIndex("With --of: the worker");
        var command = new Command(
            "score",
            "Classifies all images of a folder or a list, to files that are there whole or not at all; the same command goes on where it "
            + $"was stopped. Files that are no images have a row that says so. {CommandExecution.DoneOrMistake}"
            + $"{CommandExecution.RunAgain}: stopped by Ctrl+C, SIGTERM or SIGUSR1: run it again.")
        {
            model, images, output, partSize, parquet, of, index,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            var workers = AtLeastOne("--of", arguments.GetRequiredValue(of));
            var worker = workers == 1 ? arguments.GetValue(index) ?? 0 : index.Of(arguments);
            if (worker < 0 || worker >= workers)
                throw new UserMistakeException($"--index is {worker}, but must be from 0 to {workers - 1}, one less than --of.");
            if (workers == 1 && WorkerIndex.OfScheduler() is { } variable)
                AnsiConsole.WriteLine($"{variable} is set, but --of is not given: this worker scores all images by itself.");
            var modelPath = arguments.GetRequiredValue(model);
            using var predictor = ImagePredictor.Load(modelPath);
            var job = new ScoreJob(
                arguments.GetRequiredValue(output),
                arguments.GetValue(parquet) ? new ParquetScores() : new CsvScores(),
                Some(arguments.GetRequiredValue(images)),
                AtLeastOne("--part-size", arguments.GetRequiredValue(partSize)));
            job.Begin(modelPath);
            return Run(job, predictor, worker, workers, cancellationToken);
        });
        return command;
    }

    private static int Run(ScoreJob job, ImagePredictor predictor, int worker, int workers, CancellationToken cancellationToken)
    {
        using var stop = new StopSignals(cancellationToken);
        var unreadable = 0;
        try
        {
            job.Run(predictor, worker, workers, Tell, stop.Token);
        }
        catch (OperationCanceledException)
        {
            CommandExecution.PrintError("Stopped. What is scored stays; the same command goes on from there.");
            return CommandExecution.RunAgain;
        }

        if (worker >= job.Parts)
        {
            AnsiConsole.WriteLine(
                $"Nothing to do: --of {workers} workers share {job.Parts} files of --part-size images, and this one has none of them.");
            return 0;
        }

        AnsiConsole.WriteLine($"Scored. Files that cannot be read as images, this time: {unreadable:N0}; the column Error names them.");
        return 0;

        void Tell(int part, int parts, int broken)
        {
            unreadable += broken;
            AnsiConsole.WriteLine($"part {part} of {parts}");
        }
    }

    private static List<ImageRow> Some(string path) =>
        Images(path) is { Count: > 0 } images
            ? images
            : throw new UserMistakeException(
                $"'{path}' has no images: name a folder with some, or a text file with a path on each line.");

    private static List<ImageRow> Images(string path)
    {
        if (Directory.Exists(path))
            return [.. ImageFolder.ImagesOf(path)];
        if (!File.Exists(path))
            throw new UserMistakeException($"There is no folder and no list '{path}'.");
        if (IsNoText(path))
            throw new UserMistakeException($"'{path}' is no text: name a folder, or a text file with a path on each line.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return [.. File.ReadLines(path)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0)
            .Select(line => new ImageRow { ImagePath = Path.Combine(folder, line) })];
    }

    // Such as an image: a text has no zeros.
    private static bool IsNoText(string path)
    {
        using var file = File.OpenRead(path);
        var start = new byte[4096];
        return start.AsSpan(0, file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)).Contains((byte)0);
    }

    private static int AtLeastOne(string name, int value) =>
        value > 0 ? value : throw new UserMistakeException($"{name} is {value}, but must be 1 or more.");
}
