using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace NullaProp.ML.ChildProcesses;

/// <summary>A run of this program in a process of its own, so that its memory and its start are its own.</summary>
public static class ChildProcess
{
    /// <summary>
    /// Runs this program and hands over each line that it prints, as it comes. What it says to the error stream is seen as is.
    /// </summary>
    /// <param name="arguments">The arguments of this program.</param>
    /// <param name="onLine">Takes a line of its output.</param>
    /// <param name="threads">The threads that libtorch and LightGBM compute with, 1 or more: OpenMP reads them where a process starts.
    /// <see langword="null"/>: as many as this process.</param>
    /// <param name="processor">The only processor that the process may use, from 0, as a scheduler gives one; only on Linux.
    /// <see langword="null"/>: all that this process may.</param>
    /// <param name="environment">Environment variables that the process has otherwise; <see langword="null"/> as a value for none.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static int Run(
        IEnumerable<string> arguments,
        Action<string> onLine,
        int? threads = null,
        int? processor = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Process.Start(StartInfo(arguments, threads, processor, environment))!;
        using var ending = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        while (process.StandardOutput.ReadLine() is { } line)
            onLine(line);

        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode;
    }

    private static ProcessStartInfo StartInfo(
        IEnumerable<string> arguments, int? threads, int? processor, IReadOnlyDictionary<string, string?>? environment)
    {
        List<string> line = [Environment.ProcessPath!, .. arguments];

        // Started as 'dotnet x.dll', the program is an argument.
        if (Path.GetFileNameWithoutExtension(line[0]) == "dotnet")
            line.Insert(1, Assembly.GetEntryAssembly()!.Location);

        // .NET's own property leaves the runtime's threads where they are.
        if (processor is { } only)
            line.InsertRange(0, ["taskset", "--cpu-list", only.ToString(CultureInfo.InvariantCulture)]);
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        if (threads is { } count)
            start.Environment["OMP_NUM_THREADS"] = count.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return start;
    }
}
