using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using NullaProp.ML.Samples.Images;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// The whole way from image files to a trained and evaluated model. This is the part to copy into a program of your own.
/// </summary>
internal sealed class ImageClassifierTraining(MLContext mlContext, ImagePixels pixels, NoPropOptions options, ILogger logger)
{
    /// <summary>Gets where the training keeps its state; <see langword="null"/> for nowhere.</summary>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>Trains on some images and evaluates on others, which <paramref name="progress"/> shows during training too.</summary>
    /// <exception cref="UserMistakeException">An image cannot be read, or the checkpoints are of another training.</exception>
    public TrainedClassifier Run(
        IReadOnlyList<ImageRow> training,
        IReadOnlyList<ImageRow> evaluation,
        TrainingProgress progress,
        CancellationToken cancellationToken)
    {
        try
        {
            return TrainAndEvaluate(training, evaluation, progress, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException
            && ImageFile.Unreadable(training.Concat(evaluation)) is { Count: > 0 } unreadable)
        {
            throw new UserMistakeException(ImageFile.Describe(unreadable), exception);
        }
        catch (Exception exception) when (Checkpoints is not null && exception is (IOException or InvalidOperationException))
        {
            throw new UserMistakeException($"{exception.Message} The folder is that of --checkpoints.", exception);
        }
    }

    /// <summary>Returns what numbers the classes in sorted order, whatever order the rows come in.</summary>
    /// <remarks>It is no part of the model, for a new image has no label.</remarks>
    public static ITransformer LabelMap(MLContext mlContext, IEnumerable<ImageRow> images) => mlContext.Transforms.Conversion
        .MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
        .Fit(mlContext.Data.LoadFromEnumerable(images));

    /// <summary>Returns one chain, so one zip, from the path of a file to the name of a class.</summary>
    public static TransformerChain<ITransformer> Chain(
        MLContext mlContext, ITransformer preprocessing, NoPropTransformer trained, IDataView trainingPixels)
    {
        var className = mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(trained.Transform(trainingPixels));
        return new TransformerChain<ITransformer>(preprocessing, trained, className);
    }

    private TrainedClassifier TrainAndEvaluate(
        IReadOnlyList<ImageRow> training,
        IReadOnlyList<ImageRow> evaluation,
        TrainingProgress progress,
        CancellationToken cancellationToken)
    {
        var trainingRows = mlContext.Data.LoadFromEnumerable(training);
        var evaluationRows = mlContext.Data.LoadFromEnumerable(evaluation);

        var labelMap = LabelMap(mlContext, training.Concat(evaluation));
        var labelledTraining = labelMap.Transform(trainingRows);

        // Step by step instead of one Append after another, because Fit with validation data belongs to the trainer, not to a chain.
        var preprocessing = pixels.CreatePipeline(mlContext).Fit(labelledTraining);
        var trainingPixels = preprocessing.Transform(labelledTraining);

        // Held in memory: these are read again after every epoch, and three times at the end.
        var evaluationPixels = mlContext.Data.Cache(preprocessing.Transform(labelMap.Transform(evaluationRows)), "Features", "Label");

        var trainer = mlContext.MulticlassClassification.Trainers.NoProp(options);
        var stopwatch = Stopwatch.StartNew();
        var run = new NoPropRun
        {
            Logger = logger,
            Progress = progress,
            Validation = evaluationPixels,
            Checkpoints = Checkpoints,
            CancellationToken = cancellationToken,
        };
        var trained = progress.Show(options.Epochs, () => trainer.Fit(trainingPixels, run));
        var fitTime = stopwatch.Elapsed;

        var chain = Chain(mlContext, preprocessing, trained, trainingPixels);
        var scored = mlContext.Data.Cache(trained.Transform(evaluationPixels), "Label", "Score", "PredictedLabel");
        return new TrainedClassifier
        {
            Chain = chain,
            InputSchema = trainingRows.Schema,
            Trained = trained,
            FitTime = fitTime,
            Scored = scored,
            Metrics = mlContext.MulticlassClassification.Evaluate(scored),
            Diagnostics = trained.Diagnose(evaluationPixels),
        };
    }
}
