using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>docs/options.md is the table of all options, made of their attributes, defaults and documentation.</summary>
[TestClass]
public sealed partial class OptionsPageTests
{
    private static readonly Type[] Records =
    [
        typeof(NoPropOptions), typeof(ContinuousTime), typeof(DiscreteTime), typeof(FlowMatching), typeof(CrossEntropyBaseline),
        typeof(Embedding),
        typeof(Augmentation), typeof(Sampling),
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
        foreach (var option in Records.SelectMany(OptionProperty.Of))
        {
            Assert.IsNotEmpty(Text(option.Property, "summary"), option.Name);
        }
    }

    private static IEnumerable<string> Page() =>
    [
        "# Options",
        "",
        .. GeneratedPage.Wrapped(
            "Made from the code by `OptionsPageTests`; change the documentation there. Whatever is set has an effect: what a model has no "
            + "use for is refused with a sentence ([errors.md](errors.md)). Options marked with * decide the parameters of a model: "
            + "training can be continued only with the same."),
        .. Records.SelectMany(Table),
    ];

    // In HTML, for a row of a Markdown table is one line, however long.
    private static IEnumerable<string> Table(Type record)
    {
        var usual = Activator.CreateInstance(record)!;
        return
        [
            "",
            $"## {record.Name}",
            "",
            .. GeneratedPage.Wrapped(Flat(Documentation[$"T:{record.FullName}"].Element("summary")!)),
            "",
            "<table>",
            "<tr><th>Name</th><th>Type</th><th>Default</th><th>Range</th><th>What it does</th></tr>",
            .. OptionProperty.Of(record).SelectMany(option => Row(option, usual)),
            "</table>",
        ];
    }

    private static IEnumerable<string> Row(OptionProperty option, object usual)
    {
        var type = option.Property.PropertyType;
        var isNullable = new NullabilityInfoContext().Create(option.Property).WriteState == NullabilityState.Nullable;
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        var range = option.Range is not null ? option.RangeText() : plain.IsEnum ? string.Join(", ", Enum.GetNames(plain)) : "";
        string[] cells =
        [
            $"{option.Property.Name}{(option.DecidesParameters ? "*" : "")}",
            GeneratedPage.Code(Keyword(plain) + (isNullable ? "?" : "")),
            GeneratedPage.Code(Default(option.Property.GetValue(usual))),
            range,
            Text(option.Property, "summary"),
        ];
        return ["<tr>", .. cells.SelectMany(cell => GeneratedPage.Wrapped($"<td>{Html(cell)}</td>")), "</tr>"];
    }

    private static string Html(string text) => CodeSpan().Replace(new XText(text).ToString(), "<code>$1</code>");

    private static string Keyword(Type type) =>
        type == typeof(int) ? "int" : type == typeof(long) ? "long" : type == typeof(double) ? "double"
        : type == typeof(string) ? "string" : type == typeof(bool) ? "bool" : type.Name;

    private static string Default(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        Enum choice => choice.ToString(),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => $"new {value.GetType().Name}()",
    };

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
