using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace NullaProp.ML.Tests.Support;

/// <summary>Another process that loads a model and knows ML.NET only.</summary>
internal static class LoadProbe
{
    private const string ScoreLine = "Score: ";

    /// <summary>Gets the probe's assembly.</summary>
    public static string ProbePath { get; } =
        typeof(LoadProbe).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(
            attribute => attribute.Key == "LoadProbePath").Value!;

    /// <summary>Runs the probe.</summary>
    /// <param name="modelPath">The model.</param>
    /// <param name="dataPath">Data to score, in ML.NET's binary format; may be <see langword="null"/>.</param>
    /// <param name="runtimeConfig">A file in place of the probe's own runtimeconfig.json.</param>
    /// <returns>Its exit code, the lines it wrote and what it complained of.</returns>
    public static (int ExitCode, string[] Lines, string Errors) Run(string modelPath, string? dataPath = null, string? runtimeConfig = null)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? path
            : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] options = runtimeConfig is null ? [] : ["--runtimeconfig", runtimeConfig];
        foreach (var argument in new[] { "exec" }.Concat(options).Concat(new[] { ProbePath, modelPath, dataPath }.OfType<string>()))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var limit = TimeLimit.On(process);
        var errors = process.StandardError.ReadToEndAsync();
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        return (process.ExitCode, lines, errors.GetAwaiter().GetResult());
    }

    /// <summary>Returns the scores among the probe's lines.</summary>
    public static float[][] Scores(IEnumerable<string> lines) =>
    [
        .. lines.Where(line => line.StartsWith(ScoreLine, StringComparison.Ordinal))
            .Select(line => line[ScoreLine.Length..]
                .Split(' ')
                .Select(number => float.Parse(number, CultureInfo.InvariantCulture))
                .ToArray()),
    ];
}
