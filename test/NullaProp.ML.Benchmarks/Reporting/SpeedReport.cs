using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Measuring;
using Spectre.Console;

namespace NullaProp.ML.Benchmarks.Reporting;

/// <summary>Collects what the sections measure: a handful of figures, and below them every median with its spread.</summary>
/// <param name="effort">How much is measured.</param>
internal sealed class SpeedReport(Effort effort)
{
    private readonly Dictionary<Figure, (double Value, Spread? Spread)> _figures = [];
    private readonly JsonObject _measurements = [];
    private readonly Table _times = new Table()
        .AddColumn("Measured")
        .AddColumn(Right("Median"))
        .AddColumn(Right("Quartiles"))
        .AddColumn("Unit")
        .AddColumn(Right("Runs"));

    /// <summary>Sets a figure that is the median of a spread.</summary>
    public void Set(Figure figure, Spread spread) => _figures[figure] = (spread.Median, spread);

    /// <summary>Sets a figure that was measured once.</summary>
    public void Set(Figure figure, double value) => _figures[figure] = (value, null);

    /// <summary>Adds the times of a comparison.</summary>
    /// <param name="comparison">The comparison.</param>
    /// <param name="path">What was compared, from general to special: keys of nested JSON objects.</param>
    public void Add(Comparison comparison, params IReadOnlyList<string> path)
    {
        foreach (var name in comparison.Names)
        {
            Add(comparison.Of(name), "ms", [.. path, name]);
        }
    }

    /// <summary>Adds a spread.</summary>
    /// <param name="spread">The spread.</param>
    /// <param name="unit">The unit of its values.</param>
    /// <param name="path">What it is of, from general to special: keys of nested JSON objects.</param>
    public void Add(Spread spread, string unit, params IReadOnlyList<string> path)
    {
        var parent = path.Take(path.Count - 1).Aggregate(_measurements, Child);
        parent[path[^1]] = Json(spread, unit);
        _times.AddRow(Markup.Escape(string.Join(" · ", path)), Number(spread.Median), Quartiles(spread), unit, $"{spread.Runs}");
    }

    /// <summary>Writes everything as JSON.</summary>
    public void Write(string path)
    {
        var root = new JsonObject();
        foreach (var figure in Figure.All)
        {
            root[figure.Key] = _figures.TryGetValue(figure, out var found) ? found.Value : null;
        }

        root["effort"] = effort.Name;
        root["machine"] = Machine.Describe();
        root["spreads"] = new JsonObject(_figures.Where(pair => pair.Value.Spread is not null)
            .Select(pair => KeyValuePair.Create(pair.Key.Key, (JsonNode?)Json(pair.Value.Spread!, pair.Key.Unit))));
        root["measurements"] = _measurements.DeepClone();
        FigureFile.Write(path, root);
    }

    /// <summary>Prints everything as tables.</summary>
    public void Print()
    {
        var table = new Table()
            .AddColumn("Figure")
            .AddColumn(Right("Value"))
            .AddColumn(Right("Quartiles"))
            .AddColumn("Unit")
            .AddColumn("Bar")
            .AddColumn("What it says");
        foreach (var figure in Figure.All.Where(_figures.ContainsKey))
        {
            var (value, spread) = _figures[figure];
            table.AddRow(
                figure.Key,
                Number(value),
                spread is null ? "" : Quartiles(spread),
                figure.Unit,
                $"{figure.Bar}",
                Markup.Escape(figure.Meaning));
        }

        AnsiConsole.Write(_times);
        AnsiConsole.Write(table);
        foreach (var figure in Fallen())
        {
            AnsiConsole.WriteLine($"FELL: {figure.Key} is {Number(_figures[figure].Value)}, but must be {figure.Bar}: {figure.Meaning}.");
        }
    }

    /// <summary>Returns the figures that were measured and miss their bars.</summary>
    public IEnumerable<Figure> Fallen() =>
        Figure.All.Where(figure => _figures.TryGetValue(figure, out var found) && figure.Bar?.Holds(found.Value) == false);

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static JsonObject Child(JsonObject parent, string key)
    {
        if (parent[key] is not JsonObject child)
        {
            parent[key] = child = [];
        }

        return child;
    }

    private static JsonObject Json(Spread spread, string unit) => new()
    {
        ["median"] = spread.Median,
        ["lowerQuartile"] = spread.LowerQuartile,
        ["upperQuartile"] = spread.UpperQuartile,
        ["least"] = spread.Least,
        ["most"] = spread.Most,
        ["runs"] = spread.Runs,
        ["unit"] = unit,
    };

    private static string Quartiles(Spread spread) => $"{Number(spread.LowerQuartile)} … {Number(spread.UpperQuartile)}";

    private static string Number(double value) => value switch
    {
        >= 100 => $"{value:#,0}",
        >= 10 => $"{value:0.0}",
        >= 0.001 => $"{value:0.000}",
        _ => $"{value:0.0e0}",
    };
}
