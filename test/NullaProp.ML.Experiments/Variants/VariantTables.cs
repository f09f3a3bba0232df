using Spectre.Console;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>The results of <c>variants</c> as tables, for the console and, as Markdown, for the documentation.</summary>
internal static class VariantTables
{
    private const int MarkdownWidth = 400; // Markdown knows no line break within a cell.

    private static readonly string[] Figures =
    [
        "accuracy, %", "log-loss", "calibration error, %", "fit, s", "peak, MB", "embedding norm", "z = noise, %", "one evaluation, %",
        "rows", "epochs", "seed", "threads", "test rows",
    ];

    /// <summary>A row for each method.</summary>
    public static Table Methods(IEnumerable<VariantRow> rows)
    {
        var table = new Table().AddColumn("method");
        foreach (var heading in Figures)
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var row in rows)
        {
            table.AddRow(
                row.Name,
                Percent(row.MicroAccuracy),
                $"{row.LogLoss:0.000}",
                $"{row.ExpectedCalibrationError * 100:0.0}",
                $"{row.FitSeconds:0.0}",
                $"{row.PeakMegabytes:0}",
                row.EmbeddingNorm is { } norm ? $"{norm:0.000}" : "–",
                Percent(row.NoiseZMicroAccuracy),
                Percent(row.SingleEvaluationMicroAccuracy),
                $"{row.TrainRows}",
                $"{row.Epochs}",
                $"{row.Seed}",
                $"{row.Threads}",
                $"{row.TestRows}");
        }

        return table;
    }

    /// <summary>A row for each training and solver, a column for each number of evaluations; accuracies in per cent.</summary>
    public static Table Evaluations(IReadOnlyList<EvaluationRow> rows)
    {
        var counts = rows.Select(row => row.Evaluations).Distinct().Order().ToList();
        var table = new Table().AddColumns("training", "dynamics", "solver", "rows, epochs, seed, threads, test rows");
        foreach (var count in counts)
            table.AddColumn(new TableColumn($"{count}").RightAligned());
        var curves = rows.GroupBy(
            row => (row.Training, row.Dynamics, row.Solver, row.TrainRows, row.Epochs, row.Seed, row.Threads, row.TestRows));
        foreach (var curve in curves)
        {
            var key = curve.Key;
            var setting = $"{key.TrainRows}, {key.Epochs}, {key.Seed}, {key.Threads}, {key.TestRows}";
            var accuracies = counts.Select(count => Percent(curve.FirstOrDefault(row => row.Evaluations == count)?.MicroAccuracy));
            table.AddRow([key.Training, $"{key.Dynamics}", $"{key.Solver}", setting, .. accuracies]);
        }

        return table;
    }

    public static void Print(Table table, TableBorder border)
    {
        if (border == TableBorder.Markdown)
            AnsiConsole.Profile.Width = MarkdownWidth;
        AnsiConsole.Write(table.Border(border));
    }

    private static string Percent(double? share) => share is { } value ? $"{value * 100:0.00}" : "–";
}
