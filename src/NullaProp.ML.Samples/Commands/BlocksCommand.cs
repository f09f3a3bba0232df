using System.CommandLine;
using Microsoft.Extensions.Logging;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>blocks prepare|train|merge|fit|launch</c>: the blocks of discrete time, each trained by a process of its own.</summary>
internal static class BlocksCommand
{
    public static Command Create() => new(
        "blocks",
        "Trains the blocks of discrete time apart, on one machine or on a cluster: 'prepare' once, 'train' each block, 'merge' them "
            + "into one model; 'launch' starts the workers or writes what starts them; 'fit' trains the same model in one process.")
    {
        Prepare(),
        Train(),
        Merge(),
        Fit(),
        BlocksLaunch.Create(),
    };

    /// <summary>Returns the option that names the shared folder.</summary>
    public static Option<string> RunOption() => new("--run")
    {
        Description = "The folder that all workers share.",
        HelpName = "RUN",
        Required = true,
    };

    private static Command Prepare()
    {
        var folder = new Argument<string>("FOLDER") { Description = "A folder with one folder of images for each class, as for 'train'." };
        var run = RunOption();
        var blocks = Number("--blocks", "Number of blocks.", new DiscreteTime().BlockCount);
        var epochs = Number("--epochs", "Epochs; each block sees every training image once in each.", new NoPropOptions().Epochs);
        var seed = Number("--seed", "Seed of every random number.", 0);
        var size = Number("--size", $"Height and width that images are resized to, at least {ImageShape.SmallestSide}.", 28);
        var batchSize = Number("--batch-size", "Images in a training step.", new NoPropOptions().BatchSize);
        var command = new Command(
            "prepare",
            $"Reads and checks all images once, and writes them and the options to RUN. {CommandExecution.ExitCodes}")
        {
            folder, run, blocks, epochs, seed, size, batchSize,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            TrainingFolder.RequireOutside(arguments.GetValue(folder), (run.Name, arguments.GetValue(run), IsFolder: true));
            var pixels = new ImagePixels { Side = ImagePixels.CheckedSide(arguments.GetRequiredValue(size)), Colors = PixelColors.Rgb };
            var options = TrainingOptions.Check(new NoPropOptions
            {
                Variant = new DiscreteTime { BlockCount = arguments.GetRequiredValue(blocks) },
                Epochs = arguments.GetRequiredValue(epochs),
                Seed = arguments.GetRequiredValue(seed),
                BatchSize = arguments.GetRequiredValue(batchSize),
            });
            BlocksRun.RequireUnused(arguments.GetRequiredValue(run)); // before all images are read
            var images = TrainingFolder.Load(
                WarningLog.CreateContext(), arguments.GetRequiredValue(folder), cancellationToken: cancellationToken);
            var count = BlocksRun.Prepare(arguments.GetRequiredValue(run), images, pixels, options, cancellationToken);
            Unwrapped.WriteLine($"Prepared {count:N0} images for {arguments.GetRequiredValue(blocks)} blocks, numbered from 0.");
            return 0;
        });
        return command;
    }

    private static Command Train()
    {
        var run = RunOption();
        var index = new WorkerIndex("The block");
        var verbose = new VerboseOption();
        var command = new Command(
            "train",
            "Trains one block, from where an earlier process left it. Exit codes: 0: it is trained; 1: a mistake, as a sentence says; "
            + $"{CommandExecution.FileFault}: a file could not be read or written, as a sentence says: run it again some time later; "
            + $"{CommandExecution.RunAgain}: stopped by SIGTERM, SIGUSR1 or Ctrl+C and saved at the end of a step: run it again.")
        {
            run, index, verbose,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            using var stop = new StopSignals(cancellationToken); // before the run is read
            using var loggers = verbose.CreateLoggers(arguments);
            try
            {
                var training = BlocksRun.Open(arguments.GetRequiredValue(run), loggers.CreateLogger<NoPropBlocks>());
                return TrainBlock(training, index.Of(arguments), stop.Token);
            }
            catch (UserMistakeException fault) when (IsOfAFile(fault))
            {
                CommandExecution.PrintError(fault.Message);
                return CommandExecution.FileFault;
            }
        });
        return command;
    }

    private static int TrainBlock(BlocksRun training, int block, CancellationToken cancellationToken)
    {
        try
        {
            training.Train(block, new TrainingProgress("", showsLines: true), cancellationToken);
            Unwrapped.WriteLine($"Block {block} is trained.");
            return 0;
        }
        catch (OperationCanceledException)
        {
            CommandExecution.PrintError($"Block {block} was stopped and is saved; the same command goes on from there.");
            return CommandExecution.RunAgain;
        }
    }

    private static bool IsOfAFile(Exception? fault) =>
        fault is IOException or UnauthorizedAccessException || (fault is not null && IsOfAFile(fault.InnerException));

    private static Command Merge() => WritingModel(
        "merge",
        "Checks that all blocks are there and belong together, and writes one model.",
        (run, path, _, cancellationToken) => run.Merge(path, cancellationToken));

    private static Command Fit() => WritingModel(
        "fit",
        "Trains the whole model in this process, without the blocks in RUN, and writes it: to compare with what 'merge' gives.",
        (run, path, progress, cancellationToken) => run.Fit(path, progress, cancellationToken));

    private static Command WritingModel(
        string name, string description, Func<BlocksRun, string, TrainingProgress, CancellationToken, SavedModel> write)
    {
        var run = RunOption();
        var output = new Option<string>("--output")
        {
            Description = "The file to write the model to.",
            HelpName = "MODEL.zip",
            Required = true,
        };
        var verbose = new VerboseOption();
        var command = new Command(name, $"{description} {CommandExecution.ExitCodes}") { run, output, verbose };
        command.SetBody((arguments, cancellationToken) =>
        {
            var file = OutputFile.At(arguments.GetRequiredValue(output), OutputKind.Model);
            using var loggers = verbose.CreateLoggers(arguments);
            var saved = write(
                BlocksRun.Open(arguments.GetRequiredValue(run), loggers.CreateLogger<NoPropBlocks>()),
                file.Path,
                new TrainingProgress("", showsLines: arguments.GetValue(verbose)),
                cancellationToken);
            Unwrapped.WriteLine($"Saved {saved.Path}.");
            saved.RequireNamedPlace();
            return 0;
        });
        return command;
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
