using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>docs/options.md is the table of all options, made of their attributes, defaults and documentation.</summary>
[TestClass]
public sealed partial class OptionsPageTests
{
    // With their defaults.
    private static readonly object[] Records =
    [
        new NoPropOptions(), new ContinuousTime(), new DiscreteTime(), new FlowMatching(), new CrossEntropyBaseline(), new Embedding(),
        new Augmentation(), new Sampling(), new NoPropRun(), new Checkpoints("states"), new OnnxExport(),
    ];

    private static readonly Dictionary<string, XElement> Documentation = XDocument
        .Load(Path.ChangeExtension(typeof(NoPropOptions).Assembly.Location, ".xml"))
        .Descendants("member")
        .ToDictionary(member => member.Attribute("name")!.Value);

    [TestMethod]
    public void OptionsPage_IsWhatTheCodeSays() => GeneratedPage.Check("options.md", Page());

    [TestMethod]
    public void Options_Every_IsDocumented()
    {
        foreach (var option in Records.SelectMany(Options))
        {
            Assert.IsNotEmpty(Text(option.Property, "summary"), option.Name);
            Assert.IsNotEmpty(Text(option.Property, "value"), option.Name);
        }
    }

    // The words of each option against its code: an attribute that changes has to change them.
    [TestMethod]
    public void Options_WordsOfDefaultAndRange_AreThoseOfTheCode()
    {
        foreach (var (record, option) in Records.SelectMany(record => Options(record).Select(option => (record, option))))
        {
            var words = Text(option.Property, "value");
            foreach (var number in Numbers(option, record, words))
            {
                Assert.MatchesRegex(Whole(number), words, $"{option.Name}: {words}");
            }
        }
    }

    // Not a part of a longer one, such as the 1 of 0.01 or of 100,000.
    private static Regex Whole(string number) => new($@"(?<![\d.,−]){Regex.Escape(number)}(?![\d]|[.,]\d)");

    // A bound may be another option: "above `LogSnrAtNoise`".
    private static IEnumerable<string> Numbers(OptionProperty option, object record, string words)
    {
        var usual = option.Property.GetValue(record);
        if (usual is int or long or double)
        {
            yield return Number(usual);
        }

        if (option.Range is not { } range)
        {
            yield break;
        }

        if (!words.Contains("above `", StringComparison.Ordinal))
        {
            yield return Number(range.Minimum);
        }

        if (!words.Contains("below `", StringComparison.Ordinal)
            && Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture) < long.MaxValue)
        {
            yield return Number(range.Maximum);
        }

        static string Number(object number) =>
            Convert.ToDouble(number, CultureInfo.InvariantCulture).ToString("#,0.######", CultureInfo.InvariantCulture).Replace('-', '−');
    }

    private static IEnumerable<OptionProperty> Options(object record) =>
        OptionProperty.Of(record.GetType()).Where(option => option.Property.SetMethod!.IsPublic);

    private static IEnumerable<string> Page() =>
    [
        "# Options",
        "",
        .. GeneratedPage.Wrapped(
            "Made from the comments of the code by `OptionsPageTests`. What a variant has no use for is refused with a sentence "
            + "([errors.md](errors.md)), but for what is left as it is to compare: an embedding under `CrossEntropyBaseline`; solver, "
            + "steps and dynamics under `ScoreReadout.FirstPrediction`; `PriorLoss` and `ReadoutLoss.Linear` where nothing of embeddings "
            + "or schedule is trained; `FlowMatching.DenoisingFactor` with one-hot embeddings; `EarlyExit` where nothing can be told "
            + "early; `DiscreteTime.DenoisingFactor` and its `LossWeighting` with one-hot embeddings, which the optimizer divides out. "
            + "Options marked with * decide the parameters of a model: training can be continued only with the "
            + "same, with a variant of the same kind, and with images of the same size."),
        "",
        "![Seven kinds of options, each with a bar over Fit, model file, Transform and SaveAsOnnx where it counts](pictures/options.png)",
        "",
        .. GeneratedPage.Wrapped(
            "Orange: of one training or one export; where the bar reaches the model file, it is kept there to be read. Blue: for as long "
            + "as the model lives. Green: can be changed in a trained model."),
        .. Records.SelectMany(Table),
        "",
        "## What the choices mean",
        .. Records.SelectMany(Options).Select(PlainType).Where(type => type.IsEnum).Distinct().SelectMany(Choices),
    ];

    private static IEnumerable<string> Choices(Type choice) =>
    [
        "",
        .. GeneratedPage.Wrapped($"**{choice.Name}**: {Flat(Documentation[$"T:{choice.FullName}"].Element("summary")!)}"),
        "",
        .. Enum.GetNames(choice).SelectMany(name => GeneratedPage.Wrapped(
            $"`{name}`: {Flat(Documentation[$"F:{choice.FullName}.{name}"].Element("summary")!)}", "- ", "  ")),
    ];

    private static Type PlainType(OptionProperty option) =>
        Nullable.GetUnderlyingType(option.Property.PropertyType) ?? option.Property.PropertyType;

    // In HTML, for a row of a Markdown table is one line, however long.
    private static IEnumerable<string> Table(object record) =>
    [
        "",
        $"## {record.GetType().Name}",
        "",
        .. GeneratedPage.Wrapped(Flat(Documentation[$"T:{record.GetType().FullName}"].Element("summary")!)),
        "",
        "<table>",
        "<tr><th>Name</th><th>Type</th><th>What it does</th><th>Default and range</th></tr>",
        .. Options(record).SelectMany(Row),
        "</table>",
    ];

    private static IEnumerable<string> Row(OptionProperty option)
    {
        var isNullable = new NullabilityInfoContext().Create(option.Property).WriteState == NullabilityState.Nullable;
        var plain = PlainType(option);
        var words = Text(option.Property, "value");
        var namesChoices = words.Contains("; else `", StringComparison.Ordinal) || words.Contains("; not `", StringComparison.Ordinal);
        var choices = plain.IsEnum && !namesChoices ? $" One of {string.Join(", ", Enum.GetNames(plain))}." : string.Empty;
        string[] cells =
        [
            $"{option.Property.Name}{(option.DecidesParameters ? "*" : "")}",
            GeneratedPage.Code(Keyword(plain) + (isNullable ? "?" : "")),
            Text(option.Property, "summary"),
            words + choices,
        ];
        return ["<tr>", .. cells.SelectMany(cell => GeneratedPage.Wrapped($"<td>{Html(cell)}</td>")), "</tr>"];
    }

    private static string Html(string text) => CodeSpan().Replace(new XText(text).ToString(), "<code>$1</code>");

    private static string Keyword(Type type) =>
        type == typeof(int) ? "int" : type == typeof(long) ? "long" : type == typeof(double) ? "double"
        : type == typeof(string) ? "string" : type == typeof(bool) ? "bool"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Keyword))}>"
        : type.Name;

    private static string Text(PropertyInfo property, string part) =>
        Documentation.TryGetValue($"P:{property.DeclaringType!.FullName}.{property.Name}", out var member)
            && member.Element(part) is { } found
            ? Sentence(Flat(found))
            : string.Empty;

    // "Gets the number of …" of a property is "The number of …" in a table.
    private static string Sentence(string text) => FirstWord().Replace(text, match => match.Groups[1].Value.ToUpperInvariant());

    private static string Flat(XElement text) => Spaces().Replace(string.Concat(text.Nodes().Select(Words)), " ").Trim();

    private static string Words(XNode node) => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement link when link.Attribute("cref") is { } name => $"`{Member(name.Value)}`",
        XElement word when (word.Attribute("langword") ?? word.Attribute("name")) is { } name => $"`{name.Value}`",
        XElement other => Flat(other),
        _ => string.Empty,
    };

    // "F:NullaProp.ML.OdeSolver.Heun" is OdeSolver.Heun, "P:NullaProp.ML.NoPropOptions.Seed" is Seed, "T:NullaProp.ML.Sampling" is
    // Sampling.
    private static string Member(string name)
    {
        var parts = name[2..].Split('(')[0].Split('.');
        return name[0] is 'T' or 'P' ? parts[^1] : string.Join('.', parts[^2..]);
    }

    // Not that of a formula: "Gets ln(ᾱ/(1−ᾱ)) …".
    [GeneratedRegex(@"^Gets ([a-z])(?=[A-Za-z]* )|^Gets ")]
    private static partial Regex FirstWord();

    [GeneratedRegex("`([^`]*)`")]
    private static partial Regex CodeSpan();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
