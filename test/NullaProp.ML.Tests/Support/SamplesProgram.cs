using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Support;

/// <summary>The samples program in a process of its own, with as many threads as this one: they decide the last bits.</summary>
internal static class SamplesProgram
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code, and the lines of both of its streams.</returns>
    public static (int ExitCode, string[] Lines) Run(params string[] arguments)
    {
        List<string> lines = [];
        var exitCode = Run((_, line) => lines.Add(line), arguments);
        return (exitCode, [.. lines]);
    }

    /// <summary>Runs it and does something to it as soon as it has reported an epoch.</summary>
    /// <param name="atFirstEpoch">What.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code.</returns>
    public static int RunUntilAnEpoch(Action<Process>? atFirstEpoch, params string[] arguments) =>
        RunUntilAnEpoch(atFirstEpoch, _ => { }, arguments);

    /// <summary>Runs it and does something to it as soon as it has reported an epoch.</summary>
    /// <param name="atFirstEpoch">What.</param>
    /// <param name="onLine">Takes the lines of both of its streams.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <returns>Its exit code.</returns>
    public static int RunUntilAnEpoch(Action<Process>? atFirstEpoch, Action<string> onLine, params string[] arguments) => Run(
        (process, line) =>
        {
            onLine(line);
            if (line.StartsWith("epoch", StringComparison.Ordinal))
            {
                Interlocked.Exchange(ref atFirstEpoch, null)?.Invoke(process);
            }
        },
        arguments);

    /// <summary>Sends a signal.</summary>
    /// <param name="process">To whom.</param>
    /// <param name="signal">Its name without SIG.</param>
    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Writes a grey image as a file.</summary>
    /// <param name="grey">Its pixels, from <see cref="TinyImages"/>.</param>
    /// <param name="path">The file.</param>
    public static void SavePng(float[] grey, string path)
    {
        var pixels = grey.SelectMany(value => new[] { (byte)value, (byte)value, (byte)value, byte.MaxValue }).ToArray();
        using var image = MLImage.CreateFromPixels(TinyImages.Side, TinyImages.Side, MLPixelFormat.Bgra32, pixels);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        image.Save(path);
    }

    private static int Run(Action<Process, string> onLine, string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = get_num_threads().ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        using var limit = TimeLimit.On(process);
        var turn = new Lock();
        process.ErrorDataReceived += (_, line) => Tell(line.Data);
        process.BeginErrorReadLine();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            Tell(line);
        }

        process.WaitForExit();
        return process.ExitCode;

        void Tell(string? line)
        {
            lock (turn)
            {
                onLine(process, line ?? string.Empty);
            }
        }
    }
}
