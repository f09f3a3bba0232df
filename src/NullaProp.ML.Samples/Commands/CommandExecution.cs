using System.CommandLine;
using Spectre.Console;

namespace NullaProp.ML.Samples.Commands;

/// <summary>Runs the body of a command: off the main thread, where Ctrl+C can reach it, and with a sentence for each expected end.</summary>
internal static class CommandExecution
{
    private const int Cancelled = 130; // What shells report for a program ended by Ctrl+C.

    public static void SetBody(this Command command, Func<ParseResult, CancellationToken, int> body) =>
        command.SetAction((arguments, cancellationToken) => Task.Run(() => Run(() => body(arguments, cancellationToken)), CancellationToken.None));

    /// <summary>Prints one sentence to the error stream, as plain text where that is redirected.</summary>
    public static void PrintError(string sentence)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected)
            console.Profile.Width = AnsiConsole.Profile.Width;
        console.MarkupLine($"[red]Error:[/] {Markup.Escape(sentence)}");
    }

    private static int Run(Func<int> body)
    {
        try
        {
            return body();
        }
        catch (UserMistakeException mistake)
        {
            PrintError(mistake.Message);
            return 1;
        }
        catch (OperationCanceledException)
        {
            PrintError("Cancelled before the end.");
            return Cancelled;
        }
    }
}
