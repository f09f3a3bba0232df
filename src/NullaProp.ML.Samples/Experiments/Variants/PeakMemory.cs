using System.Diagnostics;
using System.Globalization;

namespace NullaProp.ML.Samples.Experiments.Variants;

/// <summary>The most physical memory that this process has had.</summary>
internal static class PeakMemory
{
    private const string LinuxStatus = "/proc/self/status"; // .NET's own figure is not kept there
    private const string LinuxPeak = "VmHWM:";
    private const double LinuxUnit = 1024; // "kB" to the kernel

    /// <summary>Returns it, in units of 1,000,000 bytes.</summary>
    public static double Megabytes() => Bytes() / 1e6;

    private static double Bytes()
    {
        if (File.Exists(LinuxStatus))
        {
            var peak = File.ReadLines(LinuxStatus).First(line => line.StartsWith(LinuxPeak, StringComparison.Ordinal));
            return LinuxUnit * double.Parse(peak.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }
}
