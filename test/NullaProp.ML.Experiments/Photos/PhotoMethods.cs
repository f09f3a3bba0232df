using System.Diagnostics;
using Microsoft.ML;
using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Plan;
using NullaProp.ML.Randomness;
using NullaProp.ML.Training;
using NullaProp.ML.TrainingImages;
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
/// <param name="SingleEvaluationMicroAccuracy">
/// The accuracy of the network's first evaluation alone; <see langword="null"/> for a model of another library.
/// </param>
internal sealed record PhotoRow(
    string Name,
    int Classes,
    int TrainRows,
    int TestRows,
    int Draw,
    double MicroAccuracy,
    double LogLoss,
    double HeadSeconds,
    double? SingleEvaluationMicroAccuracy = null) : IResultRow
{
    object IResultRow.Measured => (Name, Classes, TrainRows, Draw);
}

/// <summary>What becomes of photos of other classes, and of the known ones, where a model may answer "none of these".</summary>
/// <param name="Name">The method.</param>
/// <param name="Classes">The number of classes that it knows.</param>
/// <param name="ForeignClasses">The number of others.</param>
/// <param name="Draw">Which training photos, and the seed.</param>
/// <param name="WantedPrecision">The share of right answers that the threshold was chosen for, on photos of known classes.</param>
/// <param name="Threshold">The threshold.</param>
/// <param name="Coverage">The share of test photos of known classes that are answered.</param>
/// <param name="Precision">The share of right ones among these answers.</param>
/// <param name="ForeignAnswered">The share of photos of other classes that are answered, always wrongly.</param>
internal sealed record RejectionRow(
    string Name,
    int Classes,
    int ForeignClasses,
    int Draw,
    double WantedPrecision,
    float Threshold,
    double Coverage,
    double Precision,
    double ForeignAnswered) : IResultRow
{
    object IResultRow.Measured => (Name, Classes, ForeignClasses, Draw, WantedPrecision);
}

/// <summary>What is trained on the features of photos.</summary>
internal static class PhotoMethods
{
    private const int AnswerBatch = 128;

    private static readonly double[] WantedPrecisions = [0.9, 0.95, 0.98];

    /// <summary>Returns the figures of a model of the library.</summary>
    public static PhotoRow Library(string name, NoPropOptions options, PhotoTask task, PhotoFeatures features, int draw)
    {
        var stopwatch = Stopwatch.StartNew();
        return WithModel(options, task, features, draw, runner =>
        {
            var seconds = stopwatch.Elapsed.TotalSeconds;
            var (test, noise) = (task.Store(task.Test, features), new RandomStreams(draw).Of("diagnosis/noise"));
            var figures = Evaluation.Of(runner.Probabilities, test);
            var single = Evaluation.OfBoth(pixels => runner.Diagnosis(pixels, noise), test).First;
            return new PhotoRow(
                name,
                task.Classes.Count,
                task.Training.Count,
                task.Test.Count,
                draw,
                figures.Accuracy,
                figures.LogLoss,
                seconds,
                single.Accuracy);
        });
    }

    /// <summary>Returns the figures of a model of the library that may answer "none of these".</summary>
    /// <param name="name">The method.</param>
    /// <param name="options">Its options.</param>
    /// <param name="task">The known classes.</param>
    /// <param name="foreign">How many other classes.</param>
    /// <param name="features">The features, which are known.</param>
    /// <param name="draw">Which training photos, and the seed.</param>
    public static IReadOnlyList<RejectionRow> Rejections(
        string name, NoPropOptions options, PhotoTask task, int foreign, PhotoFeatures features, int draw) =>
        WithModel(options, task, features, draw, runner =>
        {
            var (choosing, others) = task.ForRejection(foreign);
            var (chosen, known, unknown) = (Answers(choosing), Answers(task.Test), Answers(others));
            return WantedPrecisions.Select(Row).ToList();

            RejectionRow Row(double wanted)
            {
                var threshold = RejectionThreshold.ForPrecision(chosen, wanted).Score;
                var answered = known.Where(answer => answer.Score >= threshold).ToList();
                return new RejectionRow(
                    name,
                    task.Classes.Count,
                    foreign,
                    draw,
                    wanted,
                    threshold,
                    (double)answered.Count / known.Count,
                    answered.Average(answer => answer.IsRight ? 1.0 : 0),
                    unknown.Average(answer => answer.Score >= threshold ? 1.0 : 0));
            }

            List<(float Score, bool IsRight)> Answers(IEnumerable<Photo> photos) =>
                [.. task.Store(photos, features).InOrder(AnswerBatch).SelectMany(batch => Read(runner.Probabilities, batch))];
        });

    private static IEnumerable<(float Score, bool IsRight)> Read(Func<Tensor, Tensor> score, ImageBatch batch)
    {
        using (batch)
        {
            using var scope = NewDisposeScope();
            var (best, classes) = score(batch.Pixels).max(1);
            return [.. best.data<float>().Zip(classes.eq(batch.Labels).data<bool>())];
        }
    }

    // Trains a model and hands over what scores by it.
    private static T WithModel<T>(NoPropOptions options, PhotoTask task, PhotoFeatures features, int draw, Func<TorchRunner, T> use)
    {
        using var scope = NewDisposeScope();
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
        using var runner = new TorchRunner(model, PlanCompiler.For(model, options), loop.Starts);
        return use(runner);
    }

    /// <summary>Returns the figures of one of ML.NET's trainers, with its default options.</summary>
    public static PhotoRow MLNet<T>(
        string name, Func<MLContext, IEstimator<T>> trainer, PhotoTask task, PhotoFeatures features, int draw)
        where T : class, ITransformer
    {
        var mlContext = new MLContext(draw);
        var (training, test) = (task.Rows(mlContext, task.Training, features), task.Rows(mlContext, task.Test, features));
        var stopwatch = Stopwatch.StartNew();
        var model = trainer(mlContext).Fit(training);
        var seconds = stopwatch.Elapsed.TotalSeconds;
        var figures = Calibration.Of(model.Transform(test));
        return new PhotoRow(
            name, task.Classes.Count, task.Training.Count, task.Test.Count, draw, figures.MicroAccuracy, figures.LogLoss, seconds);
    }
}
