using System.CommandLine;
using NullaProp.ML.Experiments.Tables;
using NullaProp.ML.Samples.Commands;

namespace NullaProp.ML.Experiments.Commands;

/// <summary><c>tables</c>: the table of docs/tables.md.</summary>
internal static class TablesCommand
{
    public static Command Create()
    {
        var data = new Option<string[]>("--data")
        {
            Description = "Tables of comma-separated numbers, the class last; their first lines are passed over.",
            HelpName = "FILE",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var json = new Option<string>("--json") { Description = "File of results.", HelpName = "FILE", Required = true };
        var draws = new Option<int>("--draws")
        {
            Description = "How often to cut the rows into five folds, each time otherwise and with another seed.",
            DefaultValueFactory = _ => 3,
        };
        var command = new Command("tables", "Trains on four fifths of small tables, and compares methods and settings on the last one.")
        {
            data, json, draws,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            var results = new ResultFile<TableRow>(arguments.GetRequiredValue(json));
            foreach (var study in arguments.GetRequiredValue(data).Select(path => new TableStudy(path)).ToList())
            {
                foreach (var row in Enumerable.Range(0, arguments.GetRequiredValue(draws)).SelectMany(study.Run))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Console.WriteLine(ResultFile<TableRow>.Line(row));
                    results.Add([row]);
                }
            }

            return 0;
        });
        return command;
    }
}
