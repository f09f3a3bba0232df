using System.CommandLine;
using NullaProp.ML.Experiments.Variants;
using NullaProp.ML.Samples.Commands;
using Spectre.Console;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>variants</c>: the table of methods, docs/variants.md.</summary>
internal sealed class VariantsCommand
{
    private readonly StudyOptions _study = new();

    private readonly Option<string> _json = new("--json")
    {
        Description = "File of results, written after each method; methods that it already holds with the same rows, epochs, seed, "
            + "threads and test images are not run again.",
        HelpName = "FILE",
        Required = true,
    };

    private readonly Option<string> _methods = new("--methods")
    {
        Description = $"Which methods to run, with commas between: {string.Join(", ", VariantMethods.Named(null))}. Without it, all.",
        HelpName = "NAMES",
    };

    private readonly Option<string> _evaluations = new("--evaluations")
    {
        Description = "Train two more models and write their accuracy by solver and number of evaluations to this file, which is kept "
            + "like that of --json.",
        HelpName = "FILE",
    };

    private readonly Option<bool> _markdown = new("--markdown")
    {
        Description = "Train nothing: print what the files hold as tables in Markdown.",
    };

    public static Command Create()
    {
        var variants = new VariantsCommand();
        var command = new Command(
            "variants",
            "Trains every method on the same images with the same network and number of epochs, each in a process of its own, and "
            + "compares accuracy, calibration, time and memory.");
        variants._study.AddTo(command);
        foreach (var option in new Option[] { variants._json, variants._methods, variants._evaluations, variants._markdown })
            command.Add(option);
        command.SetBody(variants.Run);
        return command;
    }

    private int Run(ParseResult arguments, CancellationToken cancellationToken)
    {
        var results = new ResultFile<VariantRow>(arguments.GetRequiredValue(_json));
        var evaluations = arguments.GetValue(_evaluations) is { } path ? new ResultFile<EvaluationRow>(path) : null;
        var isMarkdown = arguments.GetValue(_markdown);
        var failed = isMarkdown ? [] : Train(arguments, results, evaluations, cancellationToken);

        var border = isMarkdown ? TableBorder.Markdown : TableBorder.Square;
        VariantTables.Print(VariantTables.Methods(VariantMethods.InOrder(results.Rows)), border);
        if (evaluations is not null)
            VariantTables.Print(VariantTables.Evaluations(evaluations.Rows), border);
        if (failed.Count == 0)
            return 0;

        CommandExecution.PrintError($"These failed, for the reasons above: {string.Join(", ", failed)}.");
        return 1;
    }

    private IReadOnlyList<string> Train(
        ParseResult arguments, ResultFile<VariantRow> results, ResultFile<EvaluationRow>? evaluations, CancellationToken cancellationToken)
    {
        var setting = _study.Setting(arguments);
        var methods = VariantMethods.Named(arguments.GetValue(_methods));
        var failed = new ChildStudy<VariantRow>(VariantsOneCommand.MethodName, setting, results).Run(methods, cancellationToken);
        if (evaluations is null)
            return failed;

        var curves = new ChildStudy<EvaluationRow>(VariantsOneCommand.EvaluationsName, setting, evaluations);
        return [.. failed, .. curves.Run(EvaluationCurves.Names, cancellationToken)];
    }
}
