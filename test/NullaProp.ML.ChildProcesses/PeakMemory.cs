using System.Diagnostics;
using System.Globalization;

namespace NullaProp.ML.ChildProcesses;

/// <summary>The most physical memory that this process has had.</summary>
public static class PeakMemory
{
    private const string LinuxStatus = "/proc/self/status"; // .NET's own figure is not kept there
    private const string LinuxPeak = "VmHWM:"; // in units of 1,024 bytes

    /// <summary>Returns it, in bytes.</summary>
    public static long Bytes()
    {
        if (!File.Exists(LinuxStatus))
        {
            using var process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }

        var line = File.ReadLines(LinuxStatus).First(line => line.StartsWith(LinuxPeak, StringComparison.Ordinal));
        return 1024 * long.Parse(line[LinuxPeak.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }
}
