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
        var checkpoints = new Checkpoints(Path.Combine(folder, "blocks")) { LockTimeout = Timeout.InfiniteTimeSpan };
        Blocks = new NoPropBlocks(_trainer, checkpoints);
    }

    /// <summary>Gets the blocks.</summary>
    public NoPropBlocks Blocks { get; }

    /// <summary>Gets the epochs of each block.</summary>
    public int Epochs => _description.Options.Epochs;

    private string DataPath => Path.Combine(_folder, "data.idv");

    /// <summary>Reads the images once, as they will be trained on, and writes them and the options to the folder.</summary>
    /// <returns>The number of images.</returns>
    /// <exception cref="UserMistakeException">The folder holds a run already, or cannot be written.</exception>
    public static int Prepare(string folder, ImageFolder images, ImagePixels pixels, NoPropOptions options)
    {
        var mlContext = new MLContext(options.Seed);
        var descriptionPath = DescriptionPath(folder);
        if (pixels.Side is < ImageShape.SmallestSide or > ImagePixels.LargestSide)
        {
            throw new UserMistakeException(
                $"--size is {pixels.Side}, but must be from {ImageShape.SmallestSide} to {ImagePixels.LargestSide}.");
        }

        if (File.Exists(descriptionPath))
            throw new UserMistakeException($"The folder '{folder}' holds a run already. Name another one with --run, or delete it.");
        var prepared = pixels.CreatePipeline(mlContext).Fit(images.Data).Transform(images.Data);
        Guarded(folder, () =>
        {
            if (File.Exists(folder))
                throw new UserMistakeException($"'{folder}' is a file, but --run needs a folder. Name another one.");
            Directory.CreateDirectory(folder);
            WriteData(
                mlContext,
                mlContext.Transforms.SelectColumns("Features", "Label").Fit(prepared).Transform(prepared),
                Path.Combine(folder, "data.idv"));

            // Last, and whole: a folder with it is prepared.
            var description = new Description(pixels.Side, pixels.Colors, options, FileHash.Of(Path.Combine(folder, "data.idv")));
            OutputFile.Replace(descriptionPath, JsonSerializer.Serialize(description, Json));
            return 0;
        });
        return images.Files.Count;
    }

    /// <summary>Opens a prepared folder.</summary>
    /// <exception cref="UserMistakeException">It is none.</exception>
    public static BlocksRun Open(string folder, ILogger logger)
    {
        if (!File.Exists(DescriptionPath(folder)))
            throw new UserMistakeException($"The folder '{folder}' holds no run. Prepare one with 'blocks prepare FOLDER --run {folder}'.");
        return Guarded(folder, () =>
        {
            var description = JsonSerializer.Deserialize<Description>(File.ReadAllText(DescriptionPath(folder)), Json);
            return description?.Options is not null
                ? new BlocksRun(folder, description, logger)
                : throw new JsonException("it holds no options. Prepare the run again, in another folder.");
        });
    }

    /// <summary>Trains one block, from where an earlier process left it, and waits where one is still at it.</summary>
    /// <exception cref="UserMistakeException">Its folder cannot be written.</exception>
    public void Train(int block, IProgress<NoPropProgress> progress, CancellationToken cancellationToken) => Guarded(_folder, () =>
    {
        var run = new NoPropRun { Logger = _logger, Progress = progress, CancellationToken = cancellationToken };
        Blocks.Train(Data(), block, run);
        return 0;
    });

    /// <summary>Merges the blocks into a model from the path of an image to the name of its class, and saves it.</summary>
    /// <exception cref="UserMistakeException">Blocks are missing or do not belong together, or the file cannot be written.</exception>
    public void Merge(string modelPath) => Guarded(_folder, () =>
    {
        using var trained = Blocks.Merge();
        Save(trained, modelPath);
        return 0;
    });

    /// <summary>Trains the whole model in this process, apart from the blocks, and saves it as <see cref="Merge"/> does.</summary>
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public void Fit(string modelPath, TrainingProgress progress, CancellationToken cancellationToken) => Guarded(_folder, () =>
    {
        var run = new NoPropRun { Logger = _logger, Progress = progress, CancellationToken = cancellationToken };
        var data = Data();
        using var trained = progress.Show(Epochs, () => _trainer.Fit(data, run));
        Save(trained, modelPath);
        return 0;
    });

    // A disk that is full of half a file stays full.
    private static void WriteData(MLContext mlContext, IDataView rows, string path)
    {
        try
        {
            using var data = File.Create(path);
            mlContext.Data.SaveAsBinary(rows, data);
        }
        catch (Exception exception)
        {
            File.Delete(path);
            if (exception.GetBaseException() is IOException cause)
                throw new IOException($"'{path}': {cause.Message}", exception); // ML.NET says of it that it is an exception
            throw;
        }
    }

    private void Save(NoPropTransformer trained, string modelPath)
    {
        var rows = _mlContext.Data.LoadFromEnumerable<ImageRow>([]);
        var preprocessing = new ImagePixels { Side = _description.Side, Colors = _description.Colors }.CreatePipeline(_mlContext).Fit(rows);
        using var chain = ImageClassifierTraining.Chain(_mlContext, preprocessing, trained, Data());
        _mlContext.Model.SaveAtomically(chain, rows.Schema, modelPath);
    }

    private IDataView Data()
    {
        return File.Exists(DataPath) && FileHash.Of(DataPath) == _description.DataSha256
            ? _mlContext.Data.LoadFromBinary(DataPath)
            : throw new UserMistakeException(
                $"The images of the run, '{DataPath}', are {(File.Exists(DataPath) ? "others than when it was prepared" : "missing")}. "
                + "Copy the whole folder again, or prepare the run anew in another one.");
    }

    private static string DescriptionPath(string folder) => Path.Combine(folder, "run.json");

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

    private sealed record Description(int Side, PixelColors Colors, NoPropOptions Options, string DataSha256);
}
