using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace NullaProp.ML.Samples.Commands;

/// <summary>Says in sentences what is wrong with a command line: the parser's own name types of .NET, and arguments not at all.</summary>
internal static class CommandMistakes
{
    /// <summary>Returns sentences about what the parser has refused.</summary>
    public static string Of(ParseResult parsed)
    {
        if (Misplaced(parsed) is { } misplaced)
            return misplaced;
        var command = parsed.CommandResult;
        var unknown = UnknownOptions(parsed).ToList();
        var sentences = unknown.Count > 0
            ? unknown
            : parsed.Errors.SelectMany(error => error.SymbolResult switch
            {
                OptionResult option when error.Message.StartsWith(option.Option.Name, StringComparison.Ordinal) => [error.Message], // ours
                OptionResult option => [Fault(option) ?? error.Message],
                ArgumentResult { Tokens.Count: 0 } argument => [$"{argument.Argument.Name} is missing."],
                _ when Missing(command).ToList() is { Count: > 0 } missing => missing,
                _ => [error.Message],
            });
        return string.Join(' ', sentences.Distinct());
    }

    /// <summary>
    /// Returns a sentence about what the parser takes for something that nobody can mean (0,01 for 1, the number 7 for a name, and nothing
    /// for a file), or for the name of a file that is a mistyped option, or <see langword="null"/>.
    /// </summary>
    public static string? Unmeant(ParseResult parsed)
    {
        if (parsed.Tokens.Any(token => AsksForHelp(parsed, token)))
            return null;
        if ((Misplaced(parsed) ?? UnknownOptions(parsed).FirstOrDefault()) is { } mistake)
            return mistake;
        foreach (var (symbol, tokens) in parsed.CommandResult.Children.Select(Given))
        {
            foreach (var text in tokens.Select(token => token.Value))
            {
                if (text.Length == 0)
                    return $"{symbol.Name} is empty: give it a value, or leave it out.";
                if (symbol is Option { ValueType: var type } && (type == typeof(double) || type.IsEnum) && !IsMeant(type, text))
                    return $"{symbol.Name} is '{text}', but must be {Needed(type)}.";
            }
        }

        return null;
    }

    // The root command has the options of 'quickstart': the parser gives it those that stand before the name of another command.
    private static string? Misplaced(ParseResult parsed)
    {
        if (parsed.CommandResult is not { Parent: CommandResult, Command.Name: var name, IdentifierToken: var named })
            return null;
        var ahead = parsed.Tokens.TakeWhile(token => !token.Equals(named)).Where(IsOption)
            .FirstOrDefault(token => !AsksForHelp(parsed, token));
        return ahead is null ? null : $"{ahead.Value} stands before the command '{name}'. Put it behind.";
    }

    // Or for the version.
    private static bool AsksForHelp(ParseResult parsed, Token token) => parsed.RootCommandResult.Command.Options.Any(
        option => option.Action is not null && (option.Name == token.Value || option.Aliases.Contains(token.Value)));

    // In the place of a file's name, too: nobody means one that looks like an option, unless it stands behind "--".
    private static IEnumerable<string> UnknownOptions(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        var meant = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).ToList();
        return command.Children.SelectMany(child => child switch
            {
                ArgumentResult argument => argument.Tokens,
                OptionResult { Option.ValueType: var type } option when type == typeof(string) => option.Tokens,
                _ => [],
            })
            .Concat(parsed.Tokens.Where(token => parsed.UnmatchedTokens.Contains(token.Value)))
            .Where(token => IsOption(token) && !meant.Contains(token))
            .Select(token => $"'{command.Command.Name}' has no option {token.Value}.");
    }

    private static bool IsOption(Token token) => token.Value.StartsWith("--", StringComparison.Ordinal);

    private static IEnumerable<string> Missing(CommandResult command) => command.Command.Arguments
        .Where(argument => argument.Arity.MinimumNumberOfValues > 0 && command.GetResult(argument) is not { Tokens.Count: > 0 })
        .Cast<Symbol>()
        .Concat(command.Command.Options.Where(option => option.Required && command.GetResult(option) is not { Tokens.Count: > 0 }))
        .Select(symbol => $"{symbol.Name} is missing.");

    private static string? Fault(OptionResult result)
    {
        var (option, words) = (result.Option, result.Tokens.Select(token => token.Value).ToList());
        var type = Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;
        return result.Implicit ? $"{option.Name} is missing."
            : words.Count < option.Arity.MinimumNumberOfValues ? $"{option.Name} has no value{(type.IsEnum ? $": {Needed(type)}" : "")}."
            : words.Count > option.Arity.MaximumNumberOfValues ? $"{option.Name} is given {words.Count} times, but takes one value."
            : words.Find(word => !Is(type, word)) is { } odd ? $"{option.Name} is '{odd}', but must be {Needed(type)}."
            : null;
    }

    private static string Needed(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : type == typeof(double) ? "a number with a point, such as 0.5"
        : $"a whole number, at most {int.MaxValue}";

    private static bool Is(Type type, string text) =>
        type.IsEnum ? Enum.TryParse(type, text, ignoreCase: true, out _)
        : type == typeof(double) ? double.TryParse(text, CultureInfo.InvariantCulture, out _)
        : type != typeof(int) || int.TryParse(text, CultureInfo.InvariantCulture, out _);

    private static bool IsMeant(Type type, string text) => !text.Contains(',') && (!type.IsEnum || !int.TryParse(text, out _));

    private static (Symbol Symbol, IReadOnlyList<Token> Tokens) Given(SymbolResult result) => result switch
    {
        OptionResult option => (option.Option, option.Tokens),
        ArgumentResult argument => (argument.Argument, argument.Tokens),
        _ => (new Argument<string>("?"), []),
    };
}
