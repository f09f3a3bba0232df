using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Benchmarks.Workloads;

namespace NullaProp.ML.Benchmarks.ChildProcesses;

/// <summary>What this program does when it started itself to be measured as a whole process. Each role prints one line of numbers.</summary>
internal static class ChildRoles
{
    /// <summary>Fits a model for one epoch to so many images of bytes, held in memory by the program or made as they are read; prints the peak memory in bytes and the seconds of the fit.</summary>
    public const string Fit = "child-fit";

    /// <summary>Loads a model from a file and classifies one image; prints the milliseconds of loading, of making the engine and of predicting.</summary>
    public const string Predict = "child-predict";

    /// <summary>Runs a role if the program's arguments name one.</summary>
    public static bool TryRun(string[] arguments)
    {
        switch (arguments)
        {
            case [Fit, var images]:
                RunFit(Rows(images).ToArray(), new NoPropOptions { Epochs = 1 });
                return true;
            case [Fit, var images, var cachedBytes]:
                RunFit(Rows(images), new NoPropOptions { Epochs = 1, MaxCachedBytes = long.Parse(cachedBytes, CultureInfo.InvariantCulture) });
                return true;
            case [Predict, var model]:
                RunPredict(model);
                return true;
            default:
                return false;
        }
    }

    private static IEnumerable<ByteRow> Rows(string count) => Enumerable.Range(0, int.Parse(count, CultureInfo.InvariantCulture)).Select(ByteRow.Of);

    private static void RunFit(IEnumerable<ByteRow> rows, NoPropOptions options)
    {
        var mlContext = new MLContext(seed: 1);
        var watch = Stopwatch.StartNew();
        using var model = mlContext.MulticlassClassification.Trainers.NoProp(options).Fit(mlContext.Data.LoadFromEnumerable(rows));
        Console.WriteLine($"{PeakMemory.Bytes()} {watch.Elapsed.TotalSeconds:0.000}");
    }

    private static void RunPredict(string path)
    {
        var row = FloatRow.Of(0);
        var watch = Stopwatch.StartNew();
        var mlContext = new MLContext();
        var model = mlContext.Model.Load(path, out _);
        var loaded = watch.Elapsed;
        using var engine = mlContext.Model.CreatePredictionEngine<FloatRow, RowPrediction>(model);
        var made = watch.Elapsed;
        var prediction = engine.Predict(row);
        var predicted = watch.Elapsed;
        Console.WriteLine(
            $"{loaded.TotalMilliseconds:0.00} {(made - loaded).TotalMilliseconds:0.00} {(predicted - made).TotalMilliseconds:0.00} {prediction.PredictedLabel}");
    }
}
