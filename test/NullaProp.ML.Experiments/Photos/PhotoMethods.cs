using System.Diagnostics;
using Microsoft.ML;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Experiments.Photos;

/// <summary>A method's figures on a task.</summary>
/// <param name="Name">The method.</param>
/// <param name="Classes">The number of classes.</param>
/// <param name="TrainRows">The number of training photos.</param>
/// <param name="TestRows">The number of test photos.</param>
/// <param name="Draw">Which training photos, and the seed.</param>
/// <param name="MicroAccuracy">The share of test photos classified correctly, 0 to 1.</param>
/// <param name="LogLoss">The mean of −ln p(label), in nats.</param>
/// <param name="HeadSeconds">The time to train on the features, which are known.</param>
internal sealed record PhotoRow(
    string Name, int Classes, int TrainRows, int TestRows, int Draw, double MicroAccuracy, double LogLoss, double HeadSeconds);

/// <summary>What is trained on the features of photos.</summary>
internal static class PhotoMethods
{
    /// <summary>Returns the figures of a model of the library.</summary>
    public static PhotoRow Library(string name, NoPropOptions options, PhotoTask task, PhotoFeatures features, int draw)
    {
        using var scope = NewDisposeScope();
        var stopwatch = Stopwatch.StartNew();
        var training = task.Store(task.Training, features);
        var streams = new RandomStreams(draw);
        using var model = new Denoiser(Weights.Drawn(streams, CPU), options, training.Shape, task.Classes.Count);
        var statistics = training.ChannelStatistics();
        model.Normalization.Set(statistics.Mean, statistics.Scale);
        var loop = new TrainingLoop(
            model,
            options,
            new TrainingData(training, Validation: null, streams),
            new TrainingMonitor(_ => { }, () => { }));
        loop.Run();
        var seconds = stopwatch.Elapsed.TotalSeconds;
        using var runner = new TorchRunner(model, PlanCompiler.For(model, options), loop.Starts);
        var figures = Evaluation.Of(runner.Probabilities, task.Store(task.Test, features));
        return new PhotoRow(
            name, task.Classes.Count, task.Training.Count, task.Test.Count, draw, figures.Accuracy, figures.LogLoss, seconds);
    }

    /// <summary>Returns the figures of one of ML.NET's trainers, with its default options.</summary>
    public static PhotoRow MLNet<T>(
        string name, Func<MulticlassClassificationCatalog.MulticlassClassificationTrainers, IEstimator<T>> trainer, PhotoTask task,
        PhotoFeatures features, int draw)
        where T : class, ITransformer
    {
        var mlContext = new MLContext(draw);
        var (training, test) = (task.Rows(mlContext, task.Training, features), task.Rows(mlContext, task.Test, features));
        var stopwatch = Stopwatch.StartNew();
        var model = trainer(mlContext.MulticlassClassification.Trainers).Fit(training);
        var seconds = stopwatch.Elapsed.TotalSeconds;
        var figures = Calibration.Of(model.Transform(test));
        return new PhotoRow(
            name, task.Classes.Count, task.Training.Count, task.Test.Count, draw, figures.MicroAccuracy, figures.LogLoss, seconds);
    }
}
