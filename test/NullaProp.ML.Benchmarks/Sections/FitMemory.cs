using System.Globalization;
using NullaProp.ML.Benchmarks.ChildProcesses;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// The memory of a process that fits one epoch to 60,000 images of 28×28 bytes, which it holds itself: 47 MB of them. With full effort also of one that makes the
/// images as they are read, under a limit of a tenth of them.
/// </summary>
internal sealed class FitMemory(Effort effort) : Section("memory", "peak memory of a process that fits 60,000 images")
{
    private const int Images = 60_000;

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        report.Set(Figure.PeakFit, Measure(report, "images in memory", Text(Images)));
        if (effort.MeasuresStreaming)
        {
            Measure(report, "streamed, ten times the limit", Text(Images), Text((long)Images * SyntheticImages.Shape.Size / 10));
        }
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    // Returns the peak in units of 10⁶ bytes.
    private static double Measure(SpeedReport report, string name, params string[] arguments)
    {
        var run = ChildProcess.Run([ChildRoles.Fit, .. arguments]);
        var megabytes = run.Numbers[0] / 1e6;
        report.Add(Spread.Of([megabytes]), "MB", "memory", name, "peak");
        report.Add(Spread.Of([run.Numbers[1] * 1000]), "ms", "memory", name, "fit of one epoch");
        return megabytes;
    }
}
