using System.CommandLine;
using Microsoft.Extensions.Logging;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary>The options that both training commands take.</summary>
internal sealed class TrainingOptions(string defaultOutput)
{
    // A file server holds the lock of a machine that is gone for a minute or two.
    private static readonly TimeSpan LockTimeout = TimeSpan.FromMinutes(3);

    private readonly Option<int> _epochs = new("--epochs")
    {
        Description = "Epochs; each network sees every training image once in each.",
        DefaultValueFactory = _ => new NoPropOptions().Epochs,
    };

    private readonly Option<int> _seed = new("--seed")
    {
        Description = "Seed of every random number: the same seed and data give the same model.",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<string> _output = new("--output")
    {
        Description = "Folder for model.zip, training.png and confusion.png.",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => defaultOutput,
    };

    private readonly Option<string> _json = new("--json") { Description = "File to write the figures to.", HelpName = "FILE" };

    private readonly Option<string> _checkpoints = new("--checkpoints")
    {
        Description = "Folder in which the training keeps its state: the same command goes on from there after a crash or a signal. It "
            + $"waits {LockTimeout.TotalMinutes} minutes for another process that has the folder.",
        HelpName = "DIR",
    };

    private readonly VerboseOption _verbose = new();

    public void AddTo(Command command)
    {
        command.Add(_epochs);
        command.Add(_seed);
        command.Add(_output);
        command.Add(_json);
        command.Add(_checkpoints);
        command.Add(_verbose);
    }

    public int Epochs(ParseResult arguments) => arguments.GetRequiredValue(_epochs);

    /// <summary>Returns the epochs that the command line names, or those of defaults.</summary>
    public int Epochs(ParseResult arguments, NoPropOptions defaults) => Given(arguments, _epochs, defaults.Epochs);

    /// <summary>Returns the value of an option, or another default than its own where the command line does not name it.</summary>
    public static T Given<T>(ParseResult arguments, Option<T> option, T otherwise) =>
        arguments.GetResult(option) is { Implicit: false } ? arguments.GetRequiredValue(option) : otherwise;

    public int Seed(ParseResult arguments) => arguments.GetRequiredValue(_seed);

    public ILoggerFactory CreateLoggers(ParseResult arguments) => _verbose.CreateLoggers(arguments);

    /// <summary>Returns the options if all are in range.</summary>
    /// <exception cref="UserMistakeException">Options are out of range; the message lists all of them.</exception>
    public static NoPropOptions Check(NoPropOptions options)
    {
        try
        {
            options.Validate();
            return options;
        }
        catch (ArgumentException exception)
        {
            // .NET ends the message with the name of a parameter, which says nothing to whom typed a command.
            throw new UserMistakeException(exception.Message.Replace($" (Parameter '{exception.ParamName}')", ""), exception);
        }
    }

    /// <summary>Returns where the training keeps its state, or <see langword="null"/> for nowhere.</summary>
    public Checkpoints? Checkpoints(ParseResult arguments) =>
        arguments.GetValue(_checkpoints) is { Length: > 0 } path ? new(path) { LockTimeout = LockTimeout } : null;

    /// <summary>Runs a training that signals may stop; with checkpoints it is saved then, and the exit code says so.</summary>
    public int RunUntilStopped(ParseResult arguments, Func<CancellationToken, int> train, CancellationToken cancellationToken)
    {
        using var stop = new StopSignals(cancellationToken);
        try
        {
            return train(stop.Token);
        }
        catch (OperationCanceledException) when (Checkpoints(arguments) is { } kept)
        {
            var isKept = Directory.Exists(kept.Folder) && Directory.EnumerateDirectories(kept.Folder).Any();
            CommandExecution.PrintError(isKept
                ? $"Stopped. What is trained is in '{kept.Folder}'; the same command goes on from there."
                : File.Exists(Path.Combine(kept.Folder, "features"))
                ? $"Stopped while photos were read. What was seen in them is in '{kept.Folder}'; the same command goes on from there."
                : "Stopped before anything was trained; the same command begins anew.");
            return CommandExecution.RunAgain;
        }
    }

    /// <summary>Returns what the options say of places to write to.</summary>
    public (string Option, string? Path, bool IsFolder)[] Outputs(ParseResult arguments) =>
    [
        (_output.Name, arguments.GetValue(_output), true),
        (_json.Name, arguments.GetValue(_json), false),
        (_checkpoints.Name, arguments.GetValue(_checkpoints), true),
    ];

    /// <summary>Returns the names of the files to write; their folder exists afterwards.</summary>
    /// <exception cref="UserMistakeException">The folder or a file in it cannot be written.</exception>
    public TrainingOutput CreateOutputFolder(ParseResult arguments)
    {
        // The path as the user gave it, not the full one: it is what the messages and the JSON should show.
        return new TrainingOutput(arguments.GetRequiredValue(_output));
    }

    /// <summary>Returns the file for the figures, or <see langword="null"/> where none is asked for.</summary>
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public OutputFile? JsonFile(ParseResult arguments, TrainingOutput output) => arguments.GetValue(_json) is { } path
        ? OutputFile.At(path, OutputKind.Figures, output.ModelPath, output.TrainingChartPath, output.ConfusionChartPath)
        : null;

    /// <summary>Returns a display of the training: a bar that moves, or lines where the output is a file or a log is shown.</summary>
    public TrainingProgress CreateProgress(ParseResult arguments, string evaluationName) =>
        new(evaluationName, showsLines: arguments.GetValue(_verbose));
}
