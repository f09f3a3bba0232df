using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// A folder that all workers share: the options and images of a training of blocks, prepared once, and the blocks as they are trained.
/// </summary>
internal sealed class BlocksRun
{
    private const string DescriptionName = "run.json";
    private const string DataName = "data.idv";
    private const string MarkName = "images.sha256"; // beside the blocks: with them it is copied and deleted

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private readonly string _folder;
    private readonly Description _description;
    private readonly MLContext _mlContext;
    private readonly ILogger _logger;
    private readonly NoPropTrainer _trainer;

    private BlocksRun(string folder, Description description, ILogger logger)
    {
        (_folder, _description, _logger) = (folder, description, logger);
        _mlContext = WarningLog.CreateContext(description.Options.Seed);
        _trainer = _mlContext.MulticlassClassification.Trainers.NoProp(description.Options);

        // A scheduler may start a block again while it only believes its worker to be dead: the second one waits, and finds it trained.
        var checkpoints = new Checkpoints(BlocksFolder(folder)) { LockTimeout = Timeout.InfiniteTimeSpan };
        Blocks = new NoPropBlocks(_trainer, checkpoints);
    }

    /// <summary>Gets the blocks.</summary>
    public NoPropBlocks Blocks { get; }

    /// <summary>Gets the epochs of each block.</summary>
    public int Epochs => _description.Options.Epochs;

    private string DataPath => Path.Combine(_folder, DataName);

    /// <summary>Reads the images once, as they will be trained on, and writes them and the options to the folder.</summary>
    /// <returns>The number of images.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; nothing is written.</exception>
    /// <exception cref="UserMistakeException">
    /// The folder holds a run already, or parts of one that are not this one's, or cannot be written.
    /// </exception>
    public static int Prepare(
        string folder, ImageFolder images, ImagePixels pixels, NoPropOptions options, CancellationToken cancellationToken)
    {
        var mlContext = WarningLog.CreateContext(options.Seed);
        var data = Path.Combine(folder, DataName);
        RequireUnused(folder);
        var prepared = pixels.CreatePipeline(mlContext).Fit(images.Data).Transform(Stoppable(mlContext, images.Data, cancellationToken));
        Guarded(folder, () =>
        {
            if (File.Exists(folder))
                throw new UserMistakeException($"'{folder}' is a file, but --run needs a folder. Name another one.");
            Directory.CreateDirectory(folder);
            OutputFile.DeleteAbandoned(folder); // the images of a large run, written in part
            var columns = mlContext.Transforms.SelectColumns("Features", "Label").Fit(prepared).Transform(prepared);
            WriteData(mlContext, columns, data);
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                // Last, and whole: a folder with it is prepared.
                var description = new Description(pixels.Side, pixels.Colors, options, FileHash.Of(data));
                OutputFile.Replace(DescriptionPath(folder), JsonSerializer.Serialize(description, Json));
            }
            catch
            {
                File.Delete(data); // of this call: there was none
                throw;
            }

            return 0;
        });
        return images.Files.Count;
    }

    /// <summary>Opens a prepared folder.</summary>
    /// <exception cref="UserMistakeException">It is none.</exception>
    public static BlocksRun Open(string folder, ILogger logger)
    {
        return Guarded(folder, () =>
        {
            var text = TextOf(DescriptionPath(folder))
                ?? throw new UserMistakeException(
                    $"The folder '{folder}' holds no run. Prepare one with 'blocks prepare FOLDER --run {folder}'.");
            var description = JsonSerializer.Deserialize<Description>(text, Json);
            return description?.Options is not null
                ? new BlocksRun(folder, description, logger)
                : throw new JsonException("it holds no options. Prepare the run again, in another folder.");
        });
    }

    /// <summary>Trains one block, from where an earlier process left it, and waits where one is still at it.</summary>
    /// <exception cref="UserMistakeException">Its folder cannot be written.</exception>
    public void Train(int block, IProgress<NoPropProgress> progress, CancellationToken cancellationToken) => Guarded(_folder, () =>
    {
        RequireOwnBlocks();
        var run = new NoPropRun { Logger = _logger, Progress = progress, CancellationToken = cancellationToken };
        Blocks.Train(Data(), block, run);
        return 0;
    });

    /// <summary>Merges the blocks into a model from the path of an image to the name of its class, and saves it.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserMistakeException">Blocks are missing or do not belong together, or the file cannot be written.</exception>
    public SavedModel Merge(string modelPath, CancellationToken cancellationToken) => Guarded(_folder, () =>
    {
        if (HasBlocks(BlocksFolder(_folder))) // else the library says that all are missing
            RequireOwnBlocks();
        using var trained = Blocks.Merge();
        cancellationToken.ThrowIfCancellationRequested();
        return Save(trained, Data(), modelPath);
    });

    /// <summary>Trains the whole model in this process, apart from the blocks, and saves it as <see cref="Merge"/> does.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public SavedModel Fit(string modelPath, TrainingProgress progress, CancellationToken cancellationToken) => Guarded(_folder, () =>
    {
        var run = new NoPropRun { Logger = _logger, Progress = progress, CancellationToken = cancellationToken };
        var data = Data();
        using var trained = progress.Show(Epochs, () => _trainer.Fit(data, run));
        return Save(trained, data, modelPath);
    });

    /// <summary>Checks that a folder holds no run, nor a part of one.</summary>
    /// <param name="folder">The folder, which may be one of other things, such as the current one.</param>
    /// <exception cref="UserMistakeException">It does.</exception>
    public static void RequireUnused(string folder)
    {
        if (File.Exists(DescriptionPath(folder)))
            throw new UserMistakeException($"The folder '{folder}' holds a run already. Name another one with --run, or delete it.");
        if (File.Exists(Path.Combine(folder, DataName)))
        {
            throw new UserMistakeException(
                $"The folder '{folder}' holds a '{DataName}', but no '{DescriptionName}' that would make it a run's. Name another folder "
                + "with --run, or delete the file if it is of a 'blocks prepare' that was ended.");
        }

        if (HasBlocks(BlocksFolder(folder)))
        {
            throw new UserMistakeException(
                $"The folder '{folder}' holds the blocks of an earlier run, which may be of other images or options. Name another folder "
                + $"with --run, or delete '{BlocksFolder(folder)}'.");
        }
    }

    // ML.NET asks nobody while it writes rows: so each one asks before it is decoded.
    private static IDataView Stoppable(MLContext mlContext, IDataView rows, CancellationToken cancellationToken) =>
        mlContext.Data.FilterByCustomPredicate<ImageRowPath>(rows, _ =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false; // stays
        });

    private static void WriteData(MLContext mlContext, IDataView rows, string path) => OutputFile.Create(path, file =>
    {
        try
        {
            mlContext.Data.SaveAsBinary(rows, file);
        }
        catch (Exception exception) when (exception.GetBaseException() is OperationCanceledException cancelled && cancelled != exception)
        {
            throw new OperationCanceledException(cancelled.Message, exception, cancelled.CancellationToken);
        }
        catch (Exception exception) when (exception.GetBaseException() is IOException cause && cause != exception)
        {
            throw new IOException($"'{path}': {cause.Message}", exception); // ML.NET says of it that it is an exception
        }
    });

    // The library compares blocks with each other and with options; of which images they are, it cannot know without reading these.
    private void RequireOwnBlocks()
    {
        var mark = Path.Combine(BlocksFolder(_folder), MarkName);
        if (!HasBlocks(BlocksFolder(_folder)))
        {
            Directory.CreateDirectory(BlocksFolder(_folder));
            WriteMark(mark);
        }

        if (TextOf(mark)?.Trim() != _description.DataSha256)
        {
            throw new UserMistakeException(
                $"The blocks in '{BlocksFolder(_folder)}' were trained on other images than the run holds, or '{MarkName}', which says on "
                + "which, is missing there. Delete that folder to train them again, or copy the whole run again.");
        }
    }

    private void WriteMark(string mark)
    {
        try
        {
            OutputFile.Replace(mark, _description.DataSha256 + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException && File.Exists(mark))
        {
            // Another worker of this run writes the same just now, or reads it: Windows lets nobody replace it then.
        }
    }

    private static bool HasBlocks(string folder) => Directory.Exists(folder) && Directory.EnumerateDirectories(folder, "block-*").Any();

    private SavedModel Save(NoPropTransformer trained, IDataView data, string modelPath)
    {
        var rows = _mlContext.Data.LoadFromEnumerable<ImageRow>([]);
        var preprocessing = new ImagePixels { Side = _description.Side, Colors = _description.Colors }.CreatePipeline(_mlContext).Fit(rows);
        using var chain = ImageClassifierTraining.Chain(_mlContext, preprocessing, trained, data);
        return SavedModel.Save(modelPath, path => _mlContext.Model.SaveAtomically(chain, rows.Schema, path));
    }

    private IDataView Data()
    {
        var hash = IfThere(() => FileHash.Of(DataPath));
        return hash == _description.DataSha256
            ? _mlContext.Data.LoadFromBinary(DataPath)
            : throw new UserMistakeException(
                $"The images of the run, '{DataPath}', are {(hash is null ? "missing" : "others than when it was prepared")}. "
                + "Copy the whole folder again, or prepare the run anew in another one.");
    }

    private static string? TextOf(string path) => IfThere(() => File.ReadAllText(path));

    // To ask first whether a file exists would call one missing that a file server does not give at the moment.
    private static T? IfThere<T>(Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static string DescriptionPath(string folder) => Path.Combine(folder, DescriptionName);

    private static string BlocksFolder(string folder) => Path.Combine(folder, "blocks");

    // What the library says of files and blocks is a sentence for users already.
    private static T Guarded<T>(string folder, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (JsonException exception)
        {
            throw new UserMistakeException($"The file '{DescriptionPath(folder)}' is damaged: {exception.Message}", exception);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or InvalidOperationException or ArgumentException
                or FormatException)
        {
            throw new UserMistakeException(exception.Message, exception);
        }
    }

    private sealed class ImageRowPath
    {
        public string ImagePath { get; set; } = string.Empty;
    }

    private sealed record Description(int Side, PixelColors Colors, NoPropOptions Options, string DataSha256);
}
