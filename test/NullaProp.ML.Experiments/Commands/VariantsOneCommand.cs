using System.CommandLine;
using NullaProp.ML.Experiments.Variants;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary>
/// What <c>variants</c> starts as a child process: one method or one training, whose rows are printed as lines of JSON.
/// Not shown in the help.
/// </summary>
internal static class VariantsOneCommand
{
    /// <summary>Runs one method.</summary>
    public const string MethodName = "variants-one";

    /// <summary>Runs one training with all its curves.</summary>
    public const string EvaluationsName = "variants-evaluations-one";

    public static Command CreateMethod() => Create(
        MethodName,
        "Runs one method of 'variants' in this process.",
        (name, setting, cancellationToken) => [ResultFile<VariantRow>.Line(VariantMethods.Run(name, setting, cancellationToken))]);

    public static Command CreateEvaluations() => Create(
        EvaluationsName,
        "Runs one training of 'variants --evaluations' in this process.",
        (name, setting, cancellationToken) =>
            EvaluationCurves.Run(name, setting, cancellationToken).Select(ResultFile<EvaluationRow>.Line));

    private static Command Create(
        string commandName, string description, Func<string, StudySetting, CancellationToken, IEnumerable<string>> run)
    {
        var name = new Argument<string>("NAME") { Description = "The row's name in the table." };
        var command = new Command(commandName, description) { name };
        var options = new StudyOptions();
        options.AddTo(command);
        command.Hidden = true;
        command.SetBody((arguments, cancellationToken) =>
        {
            foreach (var line in run(arguments.GetRequiredValue(name), options.Setting(arguments), cancellationToken))
                Console.Out.WriteLine(line);
            return 0;
        });
        return command;
    }
}
