using Microsoft.ML;
using NullaProp.ML.Benchmarks.ChildProcesses;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>How long a fresh process takes to its first prediction with a saved model, and where that time goes.</summary>
internal sealed class FirstPrediction(Effort effort, ModelPair models) : Section("start", "process start to first prediction")
{
    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        var folder = Directory.CreateTempSubdirectory("nullaprop-benchmark-");
        try
        {
            var path = Path.Combine(folder.FullName, "model.zip");
            var mlContext = new MLContext();
            mlContext.Model.Save(models.Default.Transformer, mlContext.Data.LoadFromEnumerable(new[] { FloatRow.Of(0) }).Schema, path);
            ChildProcess.Run(ChildRoles.Predict, path); // fills the system's file cache
            Report(report, [.. Enumerable.Range(0, effort.Children).Select(_ => ChildProcess.Run(ChildRoles.Predict, path))]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Report(SpeedReport report, ChildProcess[] runs)
    {
        var total = Spread.Of(runs.Select(run => run.UntilLine.TotalMilliseconds));
        report.Add(total, "ms", "start", "total");
        report.Add(Spread.Of(runs.Select(run => run.UntilLine.TotalMilliseconds - run.Numbers.Take(3).Sum())), "ms", "start", "runtime");
        report.Add(Spread.Of(runs.Select(run => run.Numbers[0])), "ms", "start", "loading");
        report.Add(Spread.Of(runs.Select(run => run.Numbers[1])), "ms", "start", "engine");
        report.Add(Spread.Of(runs.Select(run => run.Numbers[2])), "ms", "start", "prediction");
        report.Set(Figure.FirstPrediction, total);
    }
}
