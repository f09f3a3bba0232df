using System.Globalization;
using Spectre.Console;

namespace NullaProp.ML.Experiments.Variants;

/// <summary>The results of <c>variants</c> as tables, for the console and, as Markdown, for the documentation.</summary>
internal static class VariantTables
{
    private const int MarkdownWidth = 400; // Markdown knows no line break within a cell.

    private static readonly string[] Figures =
        ["accuracy, %", "log-loss", "ECE, %", "fit, s", "MB", "norm", "noise z, %", "first, %", "images", "epochs", "seeds"];

    /// <summary>
    /// A row for each method and setting: means over the seeds, accuracy and log-loss with the standard deviation of a seed. Threads and
    /// test images stand in the file.
    /// </summary>
    public static Table Methods(IEnumerable<VariantRow> rows)
    {
        var table = new Table().AddColumn("method");
        foreach (var heading in Figures)
            table.AddColumn(new TableColumn(heading).RightAligned());
        foreach (var method in rows.GroupBy(row => (row.Name, row.TrainRows, row.Epochs, row.Threads, row.TestPart)))
        {
            var seeds = method.ToList();
            table.AddRow(
                method.Key.Name,
                MeanAndDeviation([.. seeds.Select(row => 100 * row.MicroAccuracy)], "0.00"),
                MeanAndDeviation([.. seeds.Select(row => row.LogLoss)], "0.000"),
                $"{100 * seeds.Average(row => row.ExpectedCalibrationError):0.0}",
                $"{seeds.Average(row => row.FitSeconds):0}",
                $"{seeds.Average(row => row.PeakMegabytes):0}",
                seeds.Average(row => row.EmbeddingNorm) is { } norm ? $"{norm:0.00}" : "–",
                Percent(seeds.Average(row => row.NoiseZMicroAccuracy)),
                Percent(seeds.Average(row => row.SingleEvaluationMicroAccuracy)),
                $"{method.Key.TrainRows}",
                $"{method.Key.Epochs}",
                $"{seeds.Count}");
        }

        return table;
    }

    private static string MeanAndDeviation(IReadOnlyList<double> values, string format)
    {
        var mean = values.Average();
        if (values.Count == 1)
            return Text(mean);
        var deviation = Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
        return $"{Text(mean)} ± {Text(deviation)}";

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
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
