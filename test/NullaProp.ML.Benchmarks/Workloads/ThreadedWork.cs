using System.Diagnostics;
using Microsoft.ML;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>What is done on a busy machine.</summary>
internal enum WorkKind
{
    /// <summary>Training an epoch on grey images of 28×28, in single precision.</summary>
    Training,

    /// <summary>Training an epoch on colour images of 32×32, in the numbers that the library chooses.</summary>
    ColourTraining,

    /// <summary>Scoring grey images, in batches.</summary>
    Scoring,

    /// <summary>Scoring grey images one by one.</summary>
    SingleScoring,
}

/// <summary>Work whose threads are told how many they may be, in a process of its own.</summary>
internal static class ThreadedWork
{
    private const int TrainingImages = 256; // of a model that is only scored

    /// <summary>Does it, and prints the seconds that it took and those of processor time.</summary>
    /// <param name="kind">The work.</param>
    /// <param name="images">The number of images.</param>
    /// <param name="threads">The number of threads; 0 for the default.</param>
    public static void Run(WorkKind kind, int images, int threads)
    {
        var mlContext = new MLContext(seed: 1);
        using var scored = kind is WorkKind.Scoring or WorkKind.SingleScoring ? Scored(mlContext, threads) : null;
        Action work = kind switch
        {
            WorkKind.Training => Training(
                mlContext, ByteRow.Of, images, new NoPropOptions { BackbonePrecision = BackbonePrecision.Full }, threads),
            WorkKind.ColourTraining => Training(mlContext, ColourRow.Of, images, new NoPropOptions(), threads),
            WorkKind.Scoring => Scoring(mlContext, scored!, images),
            _ => SingleScoring(mlContext, scored!, images),
        };
        var (watch, processorTime) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        work();
        Console.WriteLine($"{watch.Elapsed.TotalSeconds:0.000} {(Environment.CpuUsage.TotalTime - processorTime).TotalSeconds:0.000}");
    }

    private static Action Training<T>(MLContext mlContext, Func<int, T> row, int images, NoPropOptions options, int threads)
        where T : class
    {
        var data = mlContext.Data.LoadFromEnumerable(Rows(row, images));
        var trainer = mlContext.MulticlassClassification.Trainers.NoProp(
            options with { Epochs = 1 },
            new NoPropRun { Threads = threads == 0 ? null : threads });
        return () => trainer.Fit(data).Dispose();
    }

    private static Action Scoring(MLContext mlContext, NoPropTransformer model, int images)
    {
        var data = mlContext.Data.LoadFromEnumerable(Rows(FloatRow.Of, images));
        return () => mlContext.MulticlassClassification.Evaluate(model.Transform(data));
    }

    private static Action SingleScoring(MLContext mlContext, NoPropTransformer model, int images)
    {
        var rows = Rows(FloatRow.Of, images);
        var engine = mlContext.Model.CreatePredictionEngine<FloatRow, RowPrediction>(
            model, new PredictionEngineOptions { OwnsTransformer = false });
        return () => rows.ForEach(row => engine.Predict(row));
    }

    // Scored once before it is measured, so that the runtime has compiled what it needs.
    private static NoPropTransformer Scored(MLContext mlContext, int threads)
    {
        var few = mlContext.Data.LoadFromEnumerable(Rows(FloatRow.Of, TrainingImages));
        var model = mlContext.MulticlassClassification.Trainers.NoProp(new NoPropOptions { Epochs = 1 }).Fit(few);
        var limited = threads == 0 ? model : model.WithThreads(threads);
        mlContext.MulticlassClassification.Evaluate(limited.Transform(few));
        return limited;
    }

    private static List<T> Rows<T>(Func<int, T> row, int images) => [.. Enumerable.Range(0, images).Select(row)];
}
