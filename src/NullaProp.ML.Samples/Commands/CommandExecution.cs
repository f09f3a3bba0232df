using System.CommandLine;
using System.CommandLine.Invocation;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using NullaProp.ML.Samples.Reporting;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary>
/// Runs a program's command line: off the main thread, where Ctrl+C can reach it, and with a sentence for each expected end.
/// </summary>
internal static class CommandExecution
{
    /// <summary>What the help of each command says about an end that nobody asked for.</summary>
    public const string DoneOrMistake =
        "Exit codes: 0: done; 1: something is wrong with the command line or a file, as a sentence says; ";

    /// <summary>What the help of most commands says about their end.</summary>
    public const string ExitCodes = DoneOrMistake + "130: cancelled with Ctrl+C, SIGTERM or by closing the terminal.";

    /// <summary>What the help of each command with <c>--checkpoints</c> says about its end.</summary>
    public const string TrainingExitCodes =
        DoneOrMistake + "130: cancelled with Ctrl+C, SIGTERM or by closing the terminal, after which 'train' saves and evaluates the model "
        + "so far; 75: with --checkpoints stopped by Ctrl+C, SIGTERM or SIGUSR1 and saved: run it again.";

    /// <summary>
    /// A file cannot be read or written, which may be otherwise in a while, as with a file server. The number that sysexits.h has for it.
    /// </summary>
    public const int FileFault = 74;

    /// <summary>
    /// Stopped by a signal, and all that is done is saved: run the same command again. The number by which sysexits.h asks for that.
    /// </summary>
    public const int RunAgain = 75;

    /// <summary>What shells report for a program ended by Ctrl+C.</summary>
    public const int Cancelled = 130;

    private const int Mistake = 1;

    private static LastingWriter? _output;

    /// <summary>
    /// Gets how commands are invoked: none is ended while it saves what it promises to save, however long that takes. Who does not want to
    /// wait says so a second time, see <see cref="EndSignals"/>.
    /// </summary>
    public static InvocationConfiguration Invocation { get; } = new() { ProcessTerminationTimeout = null };

    /// <summary>Gets a value indicating whether a part of what was printed could not be written: the disk is full, for one.</summary>
    public static bool IsOutputCut => _output?.Fault is not null;

    /// <summary>Runs a command line and returns the exit code.</summary>
    /// <param name="create">Makes the commands; their help has numbers in it.</param>
    /// <param name="arguments">The arguments of the program.</param>
    public static Task<int> Run(Func<RootCommand> create, string[] arguments)
    {
        // Numbers and dates look the same on every machine, as the files written here are meant to be compared.
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        Console.OutputEncoding = Encoding.UTF8;
        Console.SetOut(_output = LastingWriter.Of(() => Console.Out));
        Console.SetError(LastingWriter.Of(() => Console.Error));

        AnsiConsole.Console = Unwrapped.Colored(Console.Out);

        // Redirected output has no width of its own; Spectre's assumption of 80 would break tables into pieces.
        if (Console.IsOutputRedirected)
            AnsiConsole.Profile.Width = 200;

        var parsed = create().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null }); // files may begin with @
        if (parsed.Action is not ParseErrorAction)
        {
            if (CommandMistakes.Unmeant(parsed) is not { } mistake)
                return parsed.InvokeAsync(Invocation);
            PrintError(mistake);
            return Task.FromResult(Mistake);
        }

        // The parser's own way is to print the whole help after it, which pushes the sentence that matters off the screen.
        PrintError($"{CommandMistakes.Of(parsed)} With --help the command lists its options.");
        return Task.FromResult(Mistake);
    }

    /// <summary>Makes a command run a function that returns the exit code.</summary>
    public static void SetBody(this Command command, Func<ParseResult, CancellationToken, int> body) =>
        command.SetAction((arguments, cancellationToken) =>
            Task.Run(() => Run(asked => body(arguments, asked), cancellationToken), CancellationToken.None));

    /// <summary>Prints one sentence to the error stream, as plain text where that is redirected.</summary>
    public static void PrintError(string sentence) =>
        Unwrapped.On(Console.Error).MarkupLine($"[red]Error:[/] {Markup.Escape(ProgramWords.Of(sentence))}");

    /// <summary>Prints one sentence about what the user may not want to the error stream, which answers do not go to.</summary>
    public static void PrintWarning(string sentence) =>
        Unwrapped.On(Console.Error).MarkupLine($"[yellow]Warning:[/] {Markup.Escape(ProgramWords.Of(sentence))}");

    private static int Run(Func<CancellationToken, int> body, CancellationToken cancellationToken)
    {
        if (!HasCurrentFolder())
        {
            PrintError("The current folder was deleted: change to another one.");
            return Mistake;
        }

        // Fit looks up after each training step, and train then evaluates and saves the model so far.
        using var signals = new EndSignals(() => Environment.Exit(Cancelled), TimeProvider.System, cancellationToken);
        signals.Listen();
        try
        {
            var exitCode = Unwrapping(() => body(signals.Token));
            if (_output?.Fault is { } cut)
                PrintError($"What this command prints could not be written to its end: {cut.Message.TrimEnd('.')}.");
            return exitCode;
        }
        catch (UserMistakeException mistake)
        {
            PrintError(mistake.Message);
            return Mistake;
        }
        catch (Exception fault) when (IsSentence(fault))
        {
            PrintError(fault.Message);
            return Mistake;
        }
        catch (OperationCanceledException)
        {
            PrintError("Cancelled before the end.");
            return Cancelled;
        }
    }

    // What threads failed at together is said of the first.
    private static int Unwrapping(Func<int> body)
    {
        try
        {
            return body();
        }
        catch (AggregateException several) when (several.Flatten().InnerExceptions is [var first, ..])
        {
            ExceptionDispatchInfo.Throw(first);
            throw;
        }
    }

    private static bool HasCurrentFolder()
    {
        try
        {
            return Environment.CurrentDirectory.Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // What the library itself throws says what is wrong and what to do, and what the file system throws names the file. A fault of another
    // origin shows where it comes from.
    private static bool IsSentence(Exception fault) =>
        fault is IOException or UnauthorizedAccessException
        || (fault is InvalidOperationException or ArgumentException or FormatException
            && fault.TargetSite?.Module == typeof(NoPropTrainer).Module);
}
