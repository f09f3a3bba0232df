using System.Diagnostics;
using System.Globalization;
using NullaProp.ML.ChildProcesses;

namespace NullaProp.ML.Benchmarks;

/// <summary>A role of this program, run in a process of its own.</summary>
/// <param name="UntilLine">From before the process was started until its first line was read.</param>
/// <param name="Numbers">The numbers on that line.</param>
internal sealed record ChildRun(TimeSpan UntilLine, double[] Numbers)
{
    /// <summary>Starts the program and waits for its end.</summary>
    /// <param name="role">A role of <see cref="ChildRoles"/> with its arguments.</param>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static ChildRun Of(params string[] role) => On(threads: null, role);

    /// <summary>Starts the program on some number of threads and waits for its end.</summary>
    /// <param name="threads">The threads of libtorch; <see langword="null"/>: as many as this process.</param>
    /// <param name="role">A role of <see cref="ChildRoles"/> with its arguments.</param>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static ChildRun On(int? threads, params string[] role) => On(threads, processor: null, environment: null, role);

    /// <summary>Starts the program on one processor or in another environment and waits for its end.</summary>
    /// <param name="threads">As above.</param>
    /// <param name="processor">The only processor that it may use, from 0; <see langword="null"/> for all.</param>
    /// <param name="environment">Environment variables that the process has otherwise.</param>
    /// <param name="role">As above.</param>
    /// <exception cref="InvalidOperationException">The process failed.</exception>
    public static ChildRun On(int? threads, int? processor, IReadOnlyDictionary<string, string?>? environment, string[] role)
    {
        (TimeSpan Time, string Text)? first = null;
        var watch = Stopwatch.StartNew();
        var exitCode = ChildProcess.Run(role, line => first ??= (watch.Elapsed, line), threads, processor, environment);
        return exitCode == 0 && first is var (time, text)
            ? new(time, [.. text.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))])
            : throw new InvalidOperationException(
                $"The child process '{string.Join(' ', role)}' ended with exit code {exitCode}; what it says is above.");
    }
}
