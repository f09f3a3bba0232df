using System.Globalization;
using NullaProp.ML.Tests.BadInput;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>docs/errors.md is the table of wrong uses and what they say, each of them done here.</summary>
[TestClass]
public sealed class ErrorsPageTests
{
    private const int Least = 60;

    [TestMethod]
    public void ErrorsPage_IsWhatWrongUsesSay()
    {
        var options = OptionsTests.Faults
            .Select(fault => Row(Difference(fault.Options, new NoPropOptions()), fault.Options.Validate))
            .ToList();
        using var uses = new WrongUses();
        var others = uses.All.ToLookup(use => use.About, use => Row(use.Code, use.Act));

        Assert.IsGreaterThanOrEqualTo(Least, options.Count + others.Sum(group => group.Count()));
        GeneratedPage.Check("errors.md", Page(options, others));
    }

    private static IEnumerable<string> Page(List<string> options, ILookup<string, string> others) =>
    [
        "# Errors",
        "",
        "Made by `ErrorsPageTests`, which does all of this and writes down what is said. Where ML.NET wraps an exception, ours is the "
            + "inner one: look",
        "along `InnerException`.",
        .. others.SelectMany(group => Table(group.Key, "What was done", group)),
        .. Table("Options", "Options that differ from the defaults", options),
    ];

    private static IEnumerable<string> Table(string title, string column, IEnumerable<string> rows) =>
    [
        "",
        $"## {title}",
        "",
        $"| {column} | Exception | What it says |",
        "| --- | --- | --- |",
        .. rows,
    ];

    private static string Row(string done, Action act)
    {
        var causes = Fault.Causes(Assert.Throws<Exception>(act, done)).ToList();
        var fault = causes.FindLast(cause => cause.Data.Contains("ML_IsMarked")) ?? causes[^1]; // what is below ours says less
        var message = fault.Message.Replace(Environment.CurrentDirectory, "…", StringComparison.Ordinal); // of whatever machine
        return $"| {GeneratedPage.Code(done)} | {fault.GetType().Name} | {GeneratedPage.Cell(message)} |";
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
