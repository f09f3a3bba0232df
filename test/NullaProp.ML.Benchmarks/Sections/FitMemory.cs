using System.Globalization;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// The memory of a process that fits one epoch to 60,000 images of 28×28 bytes, which it holds itself: 47 MB of them. With full effort also
/// of one that fits ten times as much as the limit for cached images allows: 10.7 GB of large images under the default limit, made as they
/// are read.
/// </summary>
internal sealed class FitMemory(Effort effort) : Section(
    "memory",
    "peak memory of a process that fits 60,000 images, and of one that streams")
{
    private const int Images = 60_000;
    private const string Streamed = "streamed, ten times the limit";

    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        var run = ChildRun.Of(ChildRoles.Fit, Text(Images));
        report.Set(Figure.PeakFit, Add(report, "images in memory", run.Numbers[0], run.Numbers[1]) / 1e6);
        if (effort.MeasuresStreaming)
        {
            Stream(report);
        }
    }

    private static void Stream(SpeedReport report)
    {
        var limit = new NoPropOptions().MaxCachedBytes;
        var run = ChildRun.Of(ChildRoles.Stream, Text(10 * limit / LargeRow.Shape.Size), Text(limit));
        var peak = Add(report, Streamed, run.Numbers[0], run.Numbers[2]);
        report.Add(Spread.Of([run.Numbers[1] / 1e6]), "MB", "memory", Streamed, "model");
        report.Set(Figure.StreamPeak, peak / (limit + run.Numbers[1]));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static double Add(SpeedReport report, string name, double peak, double seconds)
    {
        report.Add(Spread.Of([peak / 1e6]), "MB", "memory", name, "peak");
        report.Add(Spread.Of([seconds * 1000]), "ms", "memory", name, "fit of one epoch");
        return peak;
    }
}
