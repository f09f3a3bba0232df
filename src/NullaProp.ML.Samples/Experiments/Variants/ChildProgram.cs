using System.Diagnostics;
using System.Globalization;
using System.Text;
using Spectre.Console;

namespace NullaProp.ML.Samples.Experiments.Variants;

/// <summary>A run of this program in a process of its own, so that its memory is its own.</summary>
internal static class ChildProgram
{
    /// <summary>Runs a command and passes on what it says, but for its results: lines that are JSON objects. A cancelled run ends the process.</summary>
    /// <param name="arguments">The arguments of this program.</param>
    /// <param name="threads">The threads that libtorch and LightGBM compute with: OpenMP reads them where a process starts.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <returns>The exit code and the results.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static (int ExitCode, IReadOnlyList<string> Results) Run(IEnumerable<string> arguments, int threads, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Process.Start(StartInfo(arguments, threads))!;
        using var ending = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        var results = new List<string>();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith('{'))
                results.Add(line);
            else
                AnsiConsole.WriteLine(line);
        }

        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        return (process.ExitCode, results);
    }

    private static ProcessStartInfo StartInfo(IEnumerable<string> arguments, int threads)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8 };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(typeof(ChildProgram).Assembly.Location); // started as 'dotnet x.dll', so that the program is an argument
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        return start;
    }
}
