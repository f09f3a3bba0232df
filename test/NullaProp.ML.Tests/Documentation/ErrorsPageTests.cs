using System.Globalization;
using NullaProp.ML.Tests.BadInput;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>docs/errors.md is the list of wrong uses and what they say, each of them done here.</summary>
[TestClass]
public sealed class ErrorsPageTests
{
    private const int Least = 60;

    [TestMethod]
    public void ErrorsPage_IsWhatWrongUsesSay()
    {
        var options = OptionsTests.Faults
            .Select(fault => Entry(Difference(fault.Options, new NoPropOptions()), fault.Options.Validate))
            .ToList();
        using var uses = new WrongUses();
        var others = uses.All.ToLookup(use => use.About, use => Entry(use.Code, use.Act));

        Assert.IsGreaterThanOrEqualTo(Least, options.Count + others.Sum(group => group.Count()));
        using var mlNets = new WrongUsesOfMLNet();
        var words = mlNets.All.Select(use => Entry(use.Code, use.Act, $" **Cure:** {use.Cure}"));
        GeneratedPage.Check("errors.md", [.. Page(options, others), .. List(
            "What ML.NET says by itself", "The library is not asked here. What was done, what was said, and what helps:", words)]);
    }

    private static IEnumerable<string> Page(List<string[]> options, ILookup<string, string[]> others) =>
    [
        "# Errors",
        "",
        .. GeneratedPage.Wrapped(
            "Made by `ErrorsPageTests`, which does all of this and writes down what is said. Where ML.NET wraps an exception, ours is the "
            + "inner one: look along `InnerException`."),
        .. others.SelectMany(group => List(group.Key, "What was done, and what was said:", group)),
        .. List("Options", "How the options differ from the defaults, and what was said:", options),
    ];

    private static IEnumerable<string> List(string title, string about, IEnumerable<string[]> entries) =>
        ["", $"## {title}", "", about, "", .. entries.SelectMany(entry => entry)];

    private static string[] Entry(string done, Action act, string cure = "")
    {
        var causes = Fault.Causes(Assert.Throws<Exception>(act, done)).ToList();
        var fault = causes.FindLast(cause => cause.Data.Contains("ML_IsMarked")) ?? causes[^1]; // what is below ours says less
        var message = fault.Message.Replace(Environment.CurrentDirectory, "…", StringComparison.Ordinal); // of whatever machine
        return [.. GeneratedPage.Wrapped($"{GeneratedPage.Code(done)}: **{fault.GetType().Name}.** {message}{cure}", "- ", "  ")];
    }

    // The members of a record that differ from those of another, as C# would write them.
    private static string Difference(object value, object usual)
    {
        if (value.GetType() != usual.GetType())
        {
            usual = Activator.CreateInstance(value.GetType())!;
        }

        var parts = OptionProperty.Of(value.GetType())
            .Select(option => (option.Property.Name, Now: option.Property.GetValue(value), Usual: option.Property.GetValue(usual)))
            .Where(member => !Equals(member.Now, member.Usual))
            .Select(member => $"{member.Name} = {Text(member.Now, member.Usual)}");
        return string.Join(", ", parts);
    }

    private static string Text(object? value, object? usual) => value switch
    {
        null => "null",
        string text => $"\"{text.Replace("\t", "\\t", StringComparison.Ordinal)}\"",
        Enum choice when Enum.IsDefined(choice.GetType(), choice) => $"{choice.GetType().Name}.{choice}",
        Enum choice => $"({choice.GetType().Name}){choice:D}",
        ClassWeights => "new ClassWeights(…)",
        NoPropVariant variant => $"new {variant.GetType().Name} {{ {Difference(variant, usual ?? variant)} }}",
        Embedding or Augmentation or Sampling => $"new() {{ {Difference(value, usual!)} }}",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
