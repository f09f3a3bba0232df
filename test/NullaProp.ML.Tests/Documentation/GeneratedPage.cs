using System.Text.RegularExpressions;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>
/// A page below docs/ that is made from the code and committed. A test fails where the page is another one; with the environment variable
/// <c>NULLAPROP_WRITE_DOCS=1</c> it writes the page instead.
/// </summary>
internal static partial class GeneratedPage
{
    private const int Columns = 140;
    private const string Switch = "NULLAPROP_WRITE_DOCS";

    /// <summary>Checks a page, or writes it.</summary>
    /// <param name="name">The file's name.</param>
    /// <param name="lines">What it must hold.</param>
    public static void Check(string name, IEnumerable<string> lines)
    {
        var path = Repository.PathOf("docs", name);
        var text = string.Join('\n', lines) + "\n";
        if (Environment.GetEnvironmentVariable(Switch) == "1")
        {
            File.WriteAllText(path, text);
            Assert.Inconclusive($"docs/{name} was written anew."); // to compare it would be to compare it with itself
        }

        var found = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : string.Empty;
        if (found != text)
        {
            var (expected, actual) = (text.Split('\n'), found.Split('\n'));
            var line = expected.Zip(actual).TakeWhile(pair => pair.First == pair.Second).Count();
            Assert.Fail(
                $"docs/{name} is not what the code says, from line {line + 1} on. Run the tests with {Switch}=1 to write it anew.\n"
                + $"code: {expected.ElementAtOrDefault(line)}\npage: {actual.ElementAtOrDefault(line)}");
        }
    }

    /// <summary>Returns a text as code.</summary>
    /// <param name="text">The text.</param>
    public static string Code(string text) => $"`{text.ReplaceLineEndings(" ")}`";

    /// <summary>Returns a text in lines that people can read, broken between words.</summary>
    /// <param name="text">The text.</param>
    /// <param name="first">What the first line begins with.</param>
    /// <param name="others">What the others begin with.</param>
    public static IEnumerable<string> Wrapped(string text, string first = "", string others = "")
    {
        var line = first;
        var isEmpty = true;
        foreach (var word in Break().Split(text.ReplaceLineEndings(" ").Trim()))
        {
            if (!isEmpty && line.Length + 1 + word.Length > Columns)
            {
                yield return line;
                (line, isEmpty) = (others, true);
            }

            line += isEmpty ? word : $" {word}";
            isEmpty = false;
        }

        yield return line;
    }

    // Not before a dash, a number and the like, by which a line would begin a list.
    [GeneratedRegex(@" +(?!(?:[-+*]|>\S*|#+|[0-9]+[.)])(?: |$))")]
    private static partial Regex Break();
}
