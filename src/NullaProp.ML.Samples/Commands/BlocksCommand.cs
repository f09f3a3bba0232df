using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary><c>blocks prepare|train|merge|launch</c>: the blocks of discrete time, each trained by a process of its own.</summary>
internal static class BlocksCommand
{
    private static readonly string[] IndexVariables = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

    public static Command Create() => new(
        "blocks",
        "Trains the blocks of discrete time apart, on one machine or on a cluster: 'prepare' once, 'train' each block, 'merge' them "
            + "into one model; "
        + "'launch' starts the workers or writes what starts them.")
    {
        Prepare(),
        Train(),
        Merge(),
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
        var epochs = Number("--epochs", "Passes over the training images for each block.", new NoPropOptions().Epochs);
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
            var images = TrainingFolder.Load(
                new MLContext(), arguments.GetRequiredValue(folder), cancellationToken: cancellationToken);
            var options = TrainingOptions.Check(new NoPropOptions
            {
                Variant = new DiscreteTime { BlockCount = arguments.GetRequiredValue(blocks) },
                Epochs = arguments.GetRequiredValue(epochs),
                Seed = arguments.GetRequiredValue(seed),
                BatchSize = arguments.GetRequiredValue(batchSize),
            });
            var pixels = new ImagePixels { Side = arguments.GetRequiredValue(size), Colors = PixelColors.Rgb };
            var count = BlocksRun.Prepare(arguments.GetRequiredValue(run), images, pixels, options);
            AnsiConsole.WriteLine($"Prepared {count:N0} images for {arguments.GetRequiredValue(blocks)} blocks, numbered from 0.");
            return 0;
        });
        return command;
    }

    private static Command Train()
    {
        var run = RunOption();
        var index = new Option<int?>("--index")
        {
            Description = $"The block, from 0. Without it, the number in {string.Join(" or ", IndexVariables)}, which schedulers set.",
        };
        var verbose = new VerboseOption();
        var command = new Command(
            "train",
            "Trains one block, from where an earlier process left it. Exit codes: 0: it is trained; 1: a mistake, as a sentence says; "
            + $"{CommandExecution.RunAgain}: stopped by SIGTERM, SIGUSR1 or Ctrl+C and saved at the end of a step: run it again.")
        {
            run, index, verbose,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            using var loggers = verbose.CreateLoggers(arguments);
            var training = BlocksRun.Open(arguments.GetRequiredValue(run), loggers.CreateLogger<NoPropBlocks>());
            return TrainBlock(training, arguments.GetValue(index) ?? IndexOfEnvironment(), cancellationToken);
        });
        return command;
    }

    private static int TrainBlock(BlocksRun training, int block, CancellationToken cancellationToken)
    {
        // Handlers only set a flag; the step under way ends, and its state is saved by the thread that trains.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var user = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(UserSignal, Stop);
        try
        {
            training.Train(block, new TrainingProgress("", showsLines: true), stop.Token);
            AnsiConsole.WriteLine($"Block {block} is trained.");
            return 0;
        }
        catch (OperationCanceledException)
        {
            CommandExecution.PrintError($"Block {block} was stopped and is saved; the same command goes on from there.");
            return CommandExecution.RunAgain;
        }

        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    // SIGUSR1, which .NET has no name for: raw numbers are positive.
    private static PosixSignal UserSignal => (PosixSignal)(OperatingSystem.IsLinux() ? 10 : 30);

    private static Command Merge()
    {
        var run = RunOption();
        var output = new Option<string>("--output")
        {
            Description = "The file to write the model to.",
            HelpName = "MODEL.zip",
            Required = true,
        };
        var command = new Command(
            "merge",
            $"Checks that all blocks are there and belong together, and writes one model. {CommandExecution.ExitCodes}")
        {
            run, output,
        };
        command.SetBody((arguments, _) =>
        {
            var file = OutputFile.At(arguments.GetRequiredValue(output));
            using var loggers = LoggerFactory.Create(static _ => { });
            BlocksRun.Open(arguments.GetRequiredValue(run), loggers.CreateLogger<NoPropBlocks>()).Merge(file.Path);
            AnsiConsole.WriteLine($"Saved {file.Path}.");
            return 0;
        });
        return command;
    }

    private static int IndexOfEnvironment()
    {
        foreach (var name in IndexVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } text)
            {
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                    ? index
                    : throw new UserMistakeException($"{name} is '{text}', but must be the number of a block.");
            }
        }

        throw new UserMistakeException(
            $"No block is named: give --index, or start the command where {string.Join(" or ", IndexVariables)} is set.");
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };
}
