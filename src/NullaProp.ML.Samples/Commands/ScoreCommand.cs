using System.CommandLine;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Scoring;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>score MODEL.zip IMAGES</c>: many images to files, by one worker or by many, again and again until all are there.</summary>
internal static class ScoreCommand
{
    private const int TextStart = 4096; // bytes in which an image, say, has a zero, and a text has none

    private const int MostNames = 5; // of files in a sentence

    public static Command Create()
    {
        var model = new Argument<string>("MODEL.zip")
        {
            Description = "A model that 'quickstart', 'train' or 'blocks merge' has saved.",
        };
        var images = new Argument<string>("IMAGES")
        {
            Description = "A folder of images, those in folders below it included, or a text file with a path on each line; paths in it "
                + "are seen from its folder, those out of a pipe from the current one.",
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
            + "was stopped, and does not look again at images that are scored. Files that are no images have a row that says so. "
            + $"{CommandExecution.DoneOrMistake}"
            + $"{CommandExecution.RunAgain}: stopped by Ctrl+C, SIGTERM or SIGUSR1: run it again.")
        {
            model, images, output, partSize, parquet, of, index,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            var workers = OptionRange.AtLeastOne("--of", arguments.GetRequiredValue(of));
            var worker = workers == 1 ? arguments.GetValue(index) ?? 0 : index.Of(arguments);
            if (worker < 0 || worker >= workers)
                throw new UserMistakeException($"--index is {worker}, but must be from 0 to {workers - 1}, one less than --of.");
            if (workers == 1 && WorkerIndex.OfScheduler() is { } variable)
                Unwrapped.WriteLine($"{variable} is set, but --of is not given: this worker scores all images by itself.");
            if (Path.GetRelativePath(arguments.GetRequiredValue(images), arguments.GetRequiredValue(output)) == ".")
                throw new UserMistakeException("--output is the folder of the images itself. Name another one.");
            return Run(
                arguments.GetRequiredValue(model),
                () => new ScoreJob(
                    arguments.GetRequiredValue(output),
                    arguments.GetValue(parquet) ? new ParquetScores() : new CsvScores(),
                    Some(arguments.GetRequiredValue(images)),
                    OptionRange.AtLeastOne("--part-size", arguments.GetRequiredValue(partSize))),
                worker,
                workers,
                cancellationToken);
        });
        return command;
    }

    // Signals are heard from the start on: to load a model and to list a million images takes its time.
    private static int Run(string modelPath, Func<ScoreJob> open, int worker, int workers, CancellationToken cancellationToken)
    {
        using var stop = new StopSignals(cancellationToken);
        var unreadable = 0;
        ScoreJob job;
        try
        {
            var loaded = Stamp(modelPath);
            using var predictor = ImagePredictor.Load(modelPath);
            job = open();
            var hash = Stamp(modelPath) == loaded ? FileHash.Of(modelPath) : null;
            if (hash is null || Stamp(modelPath) != loaded)
                throw new UserMistakeException($"The model file '{modelPath}' changed while it was read. Run the same command again.");
            job.Begin(hash);
            job.Run(predictor, worker, workers, Tell, stop.Token);
        }
        catch (OperationCanceledException)
        {
            CommandExecution.PrintError("Stopped. What is scored stays; the same command goes on from there.");
            return CommandExecution.RunAgain;
        }

        if (worker >= job.Parts)
        {
            Unwrapped.WriteLine(
                $"Nothing to do: --of {workers} workers share {job.Parts} files of --part-size images, and this one has none of them.");
            return 0;
        }

        Unwrapped.WriteLine($"Scored. Files that cannot be read as images, this time: {unreadable:N0}; the column Error names them.");
        return 0;

        void Tell(int part, int parts, int broken)
        {
            unreadable += broken;
            Unwrapped.WriteLine($"part {part} of {parts}");
        }
    }

    // Results must not go by the name of a model that another took the place of after it was loaded. A link has times of its own.
    private static (string Path, long Length, DateTime Written) Stamp(string path)
    {
        var given = new FileInfo(path);
        return (given.LinkTarget is null ? given : given.ResolveLinkTarget(returnFinalTarget: true)) is FileInfo { Exists: true } file
            ? (file.FullName, file.Length, file.LastWriteTimeUtc)
            : default;
    }

    private static List<ImageRow> Some(string path) =>
        Images(path) is { Count: > 0 } images
            ? images
            : throw new UserMistakeException(
                $"'{path}' has no images: name a folder with some, or a text file with a path on each line.");

    private static List<ImageRow> Images(string path)
    {
        if (Directory.Exists(path))
        {
            List<ImageRow> images = [.. ImageFolder.ImagesOf(path)];
            WarnOfOthers(path, images);
            return images;
        }

        if (!File.Exists(path))
            throw new UserMistakeException($"There is no folder and no list '{path}'.");

        // Opened once: what comes through a pipe comes once. Its start first: a device need not have an end.
        using var file = File.OpenRead(path);
        var start = new byte[TextStart];
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (start.AsSpan(0, length).Contains((byte)0))
            throw new UserMistakeException($"'{path}' is no text: name a folder, or a text file with a path on each line.");
        using var list = new MemoryStream();
        list.Write(start, 0, length);
        file.CopyTo(list);
        list.Position = 0;
        using var lines = new StreamReader(list);
        var folder = FolderOf(path);
        return [.. lines.ReadToEnd()
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => new ImageRow { ImagePath = Path.Combine(folder, line) })];
    }

    // Photos without an ending, or with one of a camera's own format, would be missed in the results by nobody.
    private static void WarnOfOthers(string folder, List<ImageRow> images)
    {
        var visible = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true };
        var taken = images.Select(image => image.ImagePath).ToHashSet(StringComparer.Ordinal);
        var others = new DirectoryInfo(folder).EnumerateFiles("*", visible)
            .Where(file => !taken.Contains(file.FullName))
            .Select(file => Path.GetRelativePath(folder, file.FullName))
            .Where(name => !name.Split(Path.DirectorySeparatorChar).Any(part => part.StartsWith('.') || part == "__MACOSX"))
            .Order(StringComparer.Ordinal).ToList();
        if (others.Count > 0)
        {
            var names = string.Join(", ", others.Take(MostNames).Select(name => $"'{name}'")) + (others.Count > MostNames ? " …" : "");
            CommandExecution.PrintWarning(
                $"Files of '{folder}' whose names do not end as those of images that are read do, left out: {others.Count:N0} ({names}).");
        }
    }

    // A pipe, which has no length, lies in no folder of anybody's.
    private static string FolderOf(string path) =>
        new FileInfo(path).Length == 0 || Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal)
            ? Environment.CurrentDirectory
            : Path.GetDirectoryName(Path.GetFullPath(path))!;
}
