using System.CommandLine;
using System.CommandLine.Help;
using System.Xml.Linq;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Tests.Documentation;

/// <summary>docs/commands.md is what <c>--help</c> says, of all commands on one page.</summary>
[TestClass]
public sealed class CommandsPageTests
{
    private const string ExitCodes = "Exit codes:";

    [TestMethod]
    public void CommandsPage_IsWhatTheHelpSays() => GeneratedPage.Check("commands.md", Page());

    [TestMethod]
    public void Commands_Every_SaysWhatItDoesTakesAndReturns()
    {
        var commands = Commands(AllCommands.Create(), []).Select(found => found.Command);
        foreach (var command in commands.Where(command => command.Action is not null))
        {
            Assert.IsTrue(command is RootCommand || command.Description!.Contains(ExitCodes, StringComparison.Ordinal), command.Name);
            foreach (var symbol in command.Arguments.Cast<Symbol>().Concat(command.Options))
            {
                Assert.IsFalse(string.IsNullOrEmpty(symbol.Description), $"{command.Name} {symbol.Name}");
            }
        }
    }

    private static IEnumerable<string> Page() =>
    [
        "# Commands",
        "",
        .. GeneratedPage.Wrapped(
            "What the samples program does, made from its `--help` by `CommandsPageTests`. In a clone a command is run as in "
            + "`dotnet run -c Release --project src/NullaProp.ML.Samples -- train PHOTOS`."),
        .. Commands(AllCommands.Create(), []).Where(found => found.Command is not RootCommand).SelectMany(Section),
    ];

    private static IEnumerable<(string[] Names, Command Command)> Commands(Command command, string[] above)
    {
        string[] names = command is RootCommand ? [] : [.. above, command.Name];
        return command.Subcommands.SelectMany(below => Commands(below, names)).Prepend((names, command));
    }

    private static IEnumerable<string> Section((string[] Names, Command Command) found)
    {
        var (names, command) = found;
        var parts = command.Description!.Split(ExitCodes, StringSplitOptions.TrimEntries);
        var options = command.Options.Where(option => option is not HelpOption && !option.Hidden).ToList();
        string[] usage =
        [
            .. names,
            .. command.Arguments.Select(Usage),
            .. options.Where(option => option.Required).Select(option => $"{option.Name} {Value(option)}"),
            .. command.Subcommands.Count > 0 ? ["COMMAND"]
                : options.Any(option => !option.Required) ? ["[options]"] : Array.Empty<string>(),
        ];
        return
        [
            "",
            $"## {string.Join(' ', names)}",
            "",
            GeneratedPage.Code(string.Join(' ', usage)),
            .. parts.SelectMany((part, i) => GeneratedPage.Wrapped(i == 0 ? part : $"{ExitCodes} {part}").Prepend(string.Empty)),
            .. command.Arguments.Count + options.Count == 0 ? Array.Empty<string>() :
            [
                "",
                "<table>",
                "<tr><th>Name</th><th>What it is</th><th>Default</th></tr>",
                .. command.Arguments.SelectMany(argument => Row(argument.Name, argument.Description!, string.Empty)),
                .. options.SelectMany(option => Row($"{option.Name} {Value(option)}", option.Description!, Default(option))),
                "</table>",
            ],
        ];
    }

    private static string Usage(Argument argument)
    {
        var values = argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name}…" : argument.Name;
        return argument.Arity.MinimumNumberOfValues == 0 ? $"[{values}]" : values;
    }

    private static IEnumerable<string> Row(string name, string description, string usual) =>
    [
        "<tr>",
        .. new[] { new XElement("code", name.Trim()).ToString(), new XText(description).ToString(), new XText(usual).ToString() }
            .SelectMany(cell => GeneratedPage.Wrapped($"<td>{cell}</td>")),
        "</tr>",
    ];

    private static string Value(Option option) =>
        option.ValueType == typeof(bool) ? string.Empty
        : option.ValueType.IsEnum ? string.Join('|', Enum.GetNames(option.ValueType))
        : option.HelpName ?? option.Name.TrimStart('-').ToUpperInvariant();

    private static string Default(Option option) =>
        option is { HasDefaultValue: true, ValueType: var type } && type != typeof(bool)
            ? FormattableString.Invariant($"{option.GetDefaultValue()}")
            : option.Required ? "needed" : string.Empty;
}
