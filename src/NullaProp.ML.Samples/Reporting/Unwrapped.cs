using System.Globalization;
using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Lines as they are, however narrow the screen: answers that programs read, commands to copy, sentences with paths. Spectre's own writing
/// ends a line at the width, in the middle of a path too, and what is copied from there is broken.
/// </summary>
internal static class Unwrapped
{
    private const int Wide = 1_000_000;

    /// <summary>Writes a line of plain text to the output.</summary>
    public static void WriteLine(string text) => Console.WriteLine(text);

    /// <summary>Writes a line with markup to the output; what stands in the holes is text.</summary>
    public static void MarkupLine(FormattableString line) =>
        On(Console.Out).MarkupLineInterpolated(CultureInfo.InvariantCulture, line);

    /// <summary>Returns a console that ends no line by itself.</summary>
    /// <param name="writer">Where it writes to.</param>
    public static IAnsiConsole On(TextWriter writer)
    {
        var console = Colored(writer);
        console.Profile.Width = Wide;
        return console;
    }

    /// <summary>
    /// Returns a console with colours where the output is a terminal. Spectre by itself writes their codes into a file or a pipe as well,
    /// where the environment has the variables of a build server.
    /// </summary>
    /// <param name="writer">Where it writes to.</param>
    public static IAnsiConsole Colored(TextWriter writer)
    {
        var output = new AnsiConsoleOutput(writer);
        return AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = output,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = output.IsTerminal },
        });
    }
}
