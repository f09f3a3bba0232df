using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Reporting;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>What a command of promises found: what was done, and by name what fell.</summary>
/// <param name="command">The command with its arguments, for who wants the same figures.</param>
internal sealed class ReliabilityReport(string command)
{
    private readonly JsonObject _figures = [];
    private readonly List<string> _falls = [];

    /// <summary>Sets a figure.</summary>
    /// <param name="name">Its name in the file.</param>
    /// <param name="value">Its value.</param>
    public void Set(string name, JsonNode? value) => _figures[name] = value;

    /// <summary>Keeps a promise that fell.</summary>
    /// <param name="what">What happened, and where, in a sentence.</param>
    public void Fell(string what)
    {
        lock (_falls)
        {
            _falls.Add(what);
        }

        Console.WriteLine($"FELL: {what}");
    }

    /// <summary>Prints everything, writes it where a file is named, and returns the exit code: 1 where something fell.</summary>
    /// <param name="json">The file.</param>
    public int End(string? json)
    {
        var root = new JsonObject
        {
            ["command"] = command,
            ["fell"] = _falls.Count,
            ["falls"] = new JsonArray([.. _falls.Take(20).Select(fall => (JsonNode)fall)]),
            ["figures"] = _figures.DeepClone(),
            ["machine"] = Machine.Describe(),
        };
        Console.WriteLine(FigureFile.Text(root));
        if (json is not null)
        {
            FigureFile.Write(json, root);
        }

        return _falls.Count == 0 ? 0 : 1;
    }
}
