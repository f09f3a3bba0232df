using System.Text.RegularExpressions;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Architecture;

/// <summary>A source file of the library.</summary>
/// <param name="Path">Its path from the library's folder, with slashes.</param>
/// <param name="Text">Its text.</param>
internal sealed partial record SourceFile(string Path, string Text)
{
    private static readonly Lazy<IReadOnlyList<SourceFile>?> Found = new(Read);

    /// <summary>Gets the library's files; where only the compiled tests are there, the test that asks is inconclusive.</summary>
    public static IReadOnlyList<SourceFile> All
    {
        get
        {
            if (Found.Value is null)
            {
                Assert.Inconclusive("The sources are not there: no folder above the tests holds NullaProp.sln.");
            }

            return Found.Value!;
        }
    }

    /// <summary>Gets the folder, empty for the root.</summary>
    public string Folder { get; } = Path.Contains('/') ? Path[..Path.IndexOf('/')] : string.Empty;

    /// <summary>Gets the name without folder and ending.</summary>
    public string Name { get; } = System.IO.Path.GetFileNameWithoutExtension(Path);

    /// <summary>Gets the text without comments and the contents of strings.</summary>
    public string Code { get; } = Comment().Replace(Literal().Replace(Text, "\"\""), string.Empty);

    /// <summary>Gets the types that the file declares for others.</summary>
    public IReadOnlyList<string> Types => [.. Declaration().Matches(Code).Select(match => match.Groups[1].Value)];

    /// <summary>Gets the namespaces and types that the file is using.</summary>
    public IReadOnlyList<string> Usings { get; } = [.. UsingLine().Matches(Text).Select(match => match.Groups[1].Value)];

    /// <summary>Returns whether a word stands in the code.</summary>
    public bool Mentions(string word) => Regex.IsMatch(Code, $@"\b{Regex.Escape(word)}\b");

    private static List<SourceFile>? Read()
    {
        if (Repository.Root is null)
        {
            return null;
        }

        var library = Repository.PathOf("src", "NullaProp.ML");
        return
        [
            .. Directory.EnumerateFiles(library, "*.cs", SearchOption.AllDirectories)
                .Select(path => (Full: path, Short: System.IO.Path.GetRelativePath(library, path).Replace('\\', '/')))
                .Where(path => path.Short.Split('/')[0] is not ("bin" or "obj" or "buildTransitive"))
                .OrderBy(path => path.Short, StringComparer.Ordinal)
                .Select(path => new SourceFile(path.Short, File.ReadAllText(path.Full))),
        ];
    }

    [GeneratedRegex("\"(\\\\.|[^\"\\\\\\n])*\"")]
    private static partial Regex Literal();

    // At the margin: what is nested is its file's own business.
    [GeneratedRegex(@"^(?:public|internal) (?:\w+ )*?(?:class|struct|record|interface|enum|delegate [\w<>.]+) (?!struct|class)(\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex("//.*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^using (?:static )?(?:\w+ = )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
