using System.Diagnostics;
using System.Globalization;

namespace NullaProp.ML.Benchmarks.ChildProcesses;

/// <summary>A run of this program in a process of its own.</summary>
/// <param name="UntilLine">From before the process was started until its line was read.</param>
/// <param name="Numbers">The numbers on its line.</param>
internal sealed record ChildProcess(TimeSpan UntilLine, double[] Numbers)
{
    /// <summary>Starts the program and waits for its end.</summary>
    /// <param name="arguments">A role of <see cref="ChildRoles"/> with its argument.</param>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static ChildProcess Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location); // started as 'dotnet x.dll', so that the program is an argument
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        var untilLine = watch.Elapsed;
        process.WaitForExit();
        if (process.ExitCode != 0 || line is null)
        {
            throw new InvalidOperationException($"The child process '{string.Join(' ', arguments)}' ended with exit code {process.ExitCode}; what it says is above.");
        }

        return new(untilLine, [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))]);
    }
}
