using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>What holds of every page that people read: its code compiles, its links lead somewhere, its pictures are there.</summary>
[TestClass]
public sealed partial class PagesTests
{
    private const int MostReadmeLines = 120;
    private const int FirstScreenLines = 40;
    private const int MostColumns = 140;

    // What a page's code may take as given, beside a new project's usings. Code for packages that the tests do not have is marked 'cs'.
    private const string Given = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using Microsoft.ML;
        global using Microsoft.ML.Data;
        global using Microsoft.ML.Transforms.Image;
        global using NullaProp.ML;
        global using Given;

        namespace Given
        {
            internal sealed class Photo
            {
                public string ImagePath { get; set; } = "";
            }

            internal sealed class Prediction
            {
                public string PredictedLabel { get; set; } = "";

                public float[] Score { get; set; } = [];
            }
        }

        internal partial class Program
        {
            private static readonly MLContext mlContext = new();
            private static readonly IDataView data = null!, validation = null!;
            private static readonly NoPropOptions options = new();
            private static readonly NoPropTrainer trainer = null!;
            private static readonly ITransformer model = null!; // a chain, as README makes it
            private static readonly NoPropTransformer noprop = null!;
            private static readonly Stream stream = Stream.Null;
            private static readonly Prediction prediction = new();
        }
        """;

    // Those of a project of `dotnet new web`.
    private const string WebUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.AspNetCore.Hosting;
        global using Microsoft.AspNetCore.Http;
        global using Microsoft.AspNetCore.Routing;
        global using Microsoft.Extensions.DependencyInjection;
        """;

    private static readonly Lazy<MetadataReference[]> References = new(() =>
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(path => MetadataReference.CreateFromFile(path))]);

    public static IEnumerable<object[]> CodeBlocks => Pages.SelectMany(page => CodeBlock()
        .Matches(Text(page))
        .Select((_, index) => new object[] { page, index + 1 }));

    private static IEnumerable<string> Pages => Repository.Root is null
        ? []
        : Directory.EnumerateFiles(Repository.Root, "*.md")
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace('\\', '/'))
            .Order();

    [TestMethod]
    [DynamicData(nameof(CodeBlocks))]
    public void CodeBlock_OfAnyPage_Compiles(string page, int number)
    {
        var code = CodeBlock().Matches(Text(page))[number - 1].Groups["code"].Value;

        Assert.AreEqual(string.Empty, Errors(References.Value, Given, code), $"Block {number} of {page} does not compile.");
    }

    // The page says of its web program: these lines take the place of the three that use the classifier.
    [TestMethod]
    public void ServicePage_ItsTwoBlocksAsItSays_AreAWebProgramThatCompiles()
    {
        var page = Text("docs/service.md");
        var console = CodeBlock().Match(page).Groups["code"].Value.Split('\n');
        var web = WebBlock().Match(page).Groups["code"].Value;
        var four = Array.FindIndex(console, line => line.StartsWith("var classifier", StringComparison.Ordinal));
        var program = string.Join('\n', [.. console[..four], web, .. console[(four + 4)..]]);
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var aspNet = Path.Combine(runtime, "..", "..", "Microsoft.AspNetCore.App", Path.GetFileName(runtime));
        var known = References.Value.Select(reference => Path.GetFileName(reference.Display)).ToHashSet();
        var added = Directory.EnumerateFiles(aspNet, "Microsoft.*.dll")
            .Where(path => !known.Contains(Path.GetFileName(path)))
            .Select(path => MetadataReference.CreateFromFile(path));

        Assert.AreEqual(string.Empty, Errors([.. References.Value, .. added], WebUsings, program));
    }

    [TestMethod]
    public void Links_OfAllPages_LeadToFilesAndHeadings()
    {
        var links = Pages.SelectMany(page => Link().Matches(WithoutCode(page)).Select(link => (Page: page, To: link.Groups["to"].Value)));

        AssertNone(links
            .Where(link => !link.To.StartsWith("http", StringComparison.Ordinal) && !Exists(link.Page, link.To))
            .Select(link => $"{link.Page} links to {link.To}"));
    }

    [TestMethod]
    public void Mentions_OfPagesAndPictures_AreOfFilesThatAreThere()
    {
        AssertNone(Pages.SelectMany(page => Mention().Matches(Text(page))
            .Where(mention => !File.Exists(Repository.PathOf(mention.Value)))
            .Select(mention => $"{page} mentions {mention.Value}")));
    }

    [TestMethod]
    public void Index_LinksToEveryPage()
    {
        var index = Text("docs/index.md");

        AssertNone(Pages
            .Where(page => page.StartsWith("docs/", StringComparison.Ordinal) && page != "docs/index.md")
            .Where(page => !index.Contains($"]({page["docs/".Length..]}", StringComparison.Ordinal))
            .Select(page => $"docs/index.md does not link to {page}"));
    }

    [TestMethod]
    public void Pictures_Each_IsShownByAPageOrThePackage()
    {
        var text = string.Concat(Pages.Select(Text)) + Text("src/NullaProp.ML/NullaProp.ML.csproj");

        AssertNone(Directory.EnumerateFiles(Repository.PathOf("docs", "pictures"))
            .Select(path => $"pictures/{Path.GetFileName(path)}")
            .Where(picture => !text.Contains(picture, StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Readme_IsShort_AndItsFirstScreenHasAPictureAndCode()
    {
        var lines = Text("README.md").TrimEnd('\n').Split('\n');
        var screen = string.Join('\n', lines.Take(FirstScreenLines));

        Assert.IsLessThanOrEqualTo(MostReadmeLines, lines.Length);
        StringAssert.Contains(screen, "![");
        Assert.IsTrue(CodeBlock().IsMatch(screen + "\n"), "The first screen has no code.");
    }

    [TestMethod]
    public void Lines_OfAllPages_FitOnAScreen()
    {
        AssertNone(Pages.SelectMany(page => Text(page).Split('\n').Index()
            .Where(line => line.Item.Length > MostColumns)
            .Select(line => $"{page}, line {line.Index + 1}, has {line.Item.Length} columns")));
    }

    private static string Errors(IEnumerable<MetadataReference> references, params string[] files) => string.Join(
        '\n',
        CSharpCompilation.Create("Page", files.Select(Parse), references, new CSharpCompilationOptions(OutputKind.ConsoleApplication))
            .GetDiagnostics()
            .Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));

    private static SyntaxTree Parse(string text) =>
        CSharpSyntaxTree.ParseText(text, CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.CSharp14));

    private static string Text(string page) => File.ReadAllText(Repository.PathOf(page)).ReplaceLineEndings("\n");

    private static string WithoutCode(string page) => CodeBlock().Replace(InlineCode().Replace(Text(page), string.Empty), "\n");

    private static bool Exists(string page, string to)
    {
        var (path, heading) = to.Split('#') is [var file, var anchor] ? (file, anchor) : (to, string.Empty);
        var target = path.Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page) ?? string.Empty, path);
        var found = Repository.PathOf(target);
        return (File.Exists(found) || Directory.Exists(found)) && (heading.Length == 0 || Headings(target).Contains(heading));
    }

    // As GitHub names them: small letters, no punctuation, hyphens for spaces.
    private static IEnumerable<string> Headings(string page) => Heading().Matches(Text(page))
        .Select(heading => Regex.Replace(heading.Groups["words"].Value.ToLowerInvariant(), @"[^\w\- ]", string.Empty).Replace(' ', '-'));

    private static void AssertNone(IEnumerable<string> faults) => Assert.AreEqual(string.Empty, string.Join('\n', faults));

    [GeneratedRegex(@"^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^```cs\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex WebBlock();

    [GeneratedRegex(@"`[^`\n]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"docs/[\w\-/]+\.md|docs/pictures/[\w\-]+\.png")]
    private static partial Regex Mention();

    [GeneratedRegex(@"^#+ (?<words>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
