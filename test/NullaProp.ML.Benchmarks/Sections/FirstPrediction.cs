using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.Sections;

/// <summary>
/// How long a fresh process takes to its first prediction with a saved model, and where that time goes; beside it ML.NET's own linear
/// classifier, whose time is what the platform takes.
/// </summary>
internal sealed class FirstPrediction(Effort effort, ModelPair models) : Section("start", "process start to first prediction")
{
    /// <inheritdoc/>
    public override void Run(SpeedReport report)
    {
        var folder = Directory.CreateTempSubdirectory("nullaprop-benchmark-");
        try
        {
            var (path, linear) = (Path.Combine(folder.FullName, "model.zip"), Path.Combine(folder.FullName, "linear.zip"));
            Save(models.Default.Transformer, path);
            Save(Linear(), linear);
            Start(path); // the first of each fills the system's file cache
            Start(linear);
            Report(report, [.. Enumerable.Range(0, effort.Children).Select(_ => (Start(path), Start(linear)))]);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Save(ITransformer model, string path)
    {
        var mlContext = new MLContext();
        mlContext.Model.Save(model, mlContext.Data.LoadFromEnumerable(new[] { FloatRow.Of(0) }).Schema, path);
    }

    private static MulticlassPredictionTransformer<MaximumEntropyModelParameters> Linear()
    {
        var mlContext = new MLContext(seed: 1);
        var rows = mlContext.Data.LoadFromEnumerable(Enumerable.Range(0, 100).Select(FloatRow.Of).ToList());
        return mlContext.MulticlassClassification.Trainers.SdcaMaximumEntropy(maximumNumberOfIterations: 1).Fit(rows);
    }

    private static ChildRun Start(string path) => ChildRun.Of(ChildRoles.Predict, path);

    private static void Report(SpeedReport report, (ChildRun Own, ChildRun Linear)[] runs)
    {
        var total = Add(report, "start", runs.Select(run => run.Own));
        Add(report, "start of a linear classifier", runs.Select(run => run.Linear));
        report.Set(Figure.FirstPrediction, total);
        report.Set(Figure.FirstPredictionRatio, Spread.Of(runs.Select(run => run.Own.UntilLine / run.Linear.UntilLine)));
    }

    private static Spread Add(SpeedReport report, string name, IEnumerable<ChildRun> runs)
    {
        var total = Of(run => run.UntilLine.TotalMilliseconds);
        report.Add(total, "ms", name, "total");
        report.Add(Of(run => run.UntilLine.TotalMilliseconds - run.Numbers.Take(3).Sum()), "ms", name, "runtime");
        report.Add(Of(run => run.Numbers[0]), "ms", name, "loading");
        report.Add(Of(run => run.Numbers[1]), "ms", name, "engine");
        report.Add(Of(run => run.Numbers[2]), "ms", name, "prediction");
        return total;

        Spread Of(Func<ChildRun, double> milliseconds) => Spread.Of(runs.Select(milliseconds));
    }
}
