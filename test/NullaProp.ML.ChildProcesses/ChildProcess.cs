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
    /// <param name="environment">Environment variables that the process has otherwise; <see langword="null"/> as a value for none.</param>
    /// <param name="cancellationToken">Ends the process.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static int Run(
        IEnumerable<string> arguments,
        Action<string> onLine,
        int? threads = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Process.Start(StartInfo(arguments, threads, environment))!;
        using var ending = cancellationToken.Register(() => process.Kill(entireProcessTree: true));
        while (process.StandardOutput.ReadLine() is { } line)
            onLine(line);

        process.WaitForExit();
        cancellationToken.ThrowIfCancellationRequested();
        return process.ExitCode;
    }

    private static ProcessStartInfo StartInfo(
        IEnumerable<string> arguments, int? threads, IReadOnlyDictionary<string, string?>? environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.UTF8,
        };

        // Started as 'dotnet x.dll', the program is an argument.
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        if (threads is { } count)
            start.Environment["OMP_NUM_THREADS"] = count.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return start;
    }
}
