using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples.Images;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// The whole way from image files to a trained model, and to how good it is. This is the part to copy into a program of your own.
/// </summary>
internal sealed class ImageClassifierTraining(MLContext mlContext, ImagePixels pixels, NoPropOptions options, ILogger logger)
{
    /// <summary>Gets what a training that is cancelled gives.</summary>
    public WhenCancelled WhenCancelled { get; init; }

    /// <summary>Gets where the training keeps its state; <see langword="null"/> for nowhere.</summary>
    public Checkpoints? Checkpoints { get; init; }

    /// <summary>Trains on some images; <paramref name="progress"/> shows what is thought of others meanwhile.</summary>
    /// <exception cref="UserMistakeException">An image cannot be read, or the checkpoints are of another training.</exception>
    public TrainedClassifier Run(
        ImageFolder training,
        ImageFolder evaluation,
        TrainingProgress progress,
        CancellationToken cancellationToken)
    {
        try
        {
            return OfImages(() => Train(training, evaluation, progress, cancellationToken));
        }
        catch (Exception exception) when (Checkpoints is { } kept
            && exception is (IOException or InvalidOperationException)
            && exception.Message.Contains(kept.Folder, StringComparison.Ordinal))
        {
            throw new UserMistakeException($"{exception.Message} The folder is that of --checkpoints.", exception);
        }
    }

    /// <summary>Evaluates a classifier on the images that its training showed. Save it before: some of them are read again.</summary>
    /// <exception cref="UserMistakeException">An image cannot be read any more.</exception>
    public ClassifierEvaluation Evaluate(TrainedClassifier classifier) => OfImages(() =>
    {
        var scored = mlContext.Data.Cache(
            classifier.Trained.Transform(classifier.EvaluationRows), "Label", "Score", "PredictedLabel");
        return new ClassifierEvaluation
        {
            Scored = scored,
            Metrics = mlContext.MulticlassClassification.Evaluate(scored),
            Diagnostics = classifier.Trained.Diagnose(classifier.EvaluationRows),
        };
    });

    /// <summary>
    /// Returns whether the model is of the epoch with the lowest log-loss on the evaluation images: early stopping keeps it, and so does
    /// the choice of how much of a pretrained network to train, which compares two trainings.
    /// </summary>
    public static bool ValidationChooses(NoPropOptions options) => options.EarlyStoppingPatience > 0
        || options is { Backbone: NoPropBackbone.PretrainedResNet18, FineTuning: FineTuning.Automatic };

    /// <summary>Returns one chain, so one zip, from the path of a file to the name of a class.</summary>
    public static TransformerChain<ITransformer> Chain(
        MLContext mlContext, ITransformer preprocessing, NoPropTransformer trained, IDataView trainingPixels)
    {
        var className = mlContext.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(trained.Transform(trainingPixels));
        return new TransformerChain<ITransformer>(preprocessing, trained, className);
    }

    // A file that was whole when the folder was read. ML.NET wraps what is said of it.
    private static T OfImages<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && OfImage(exception) is { } sentence)
        {
            throw new UserMistakeException(sentence, exception);
        }
    }

    private static string? OfImage(Exception? fault) =>
        fault is InvalidDataException or null ? fault?.Message : OfImage(fault.InnerException);

    private TrainedClassifier Train(
        ImageFolder training,
        ImageFolder evaluation,
        TrainingProgress progress,
        CancellationToken cancellationToken)
    {
        // Step by step instead of one Append after another, because Fit with validation data belongs to the trainer, not to a chain.
        var preprocessing = pixels.CreatePipeline(mlContext).Fit(training.Data);
        var trainingPixels = preprocessing.Transform(training.Data);

        var evaluationPixels = HeldIfSmall(preprocessing.Transform(evaluation.Data), evaluation.Files.Count);
        var trainer = mlContext.MulticlassClassification.Trainers.NoProp(options);
        var stopwatch = Stopwatch.StartNew();
        var isCancelled = false; // a token may be cancelled when the model is whole already
        var run = new NoPropRun
        {
            Logger = logger,
            Progress = progress,
            Validation = evaluationPixels,
            Checkpoints = Checkpoints,
            CancellationToken = cancellationToken,
            WhenCancelled = WhenCancelled,
            EndedEarly = () => isCancelled = true,
        };
        var trained = progress.Show(options.Epochs, () => trainer.Fit(trainingPixels, run));
        var fitTime = stopwatch.Elapsed;

        var chain = Chain(mlContext, preprocessing, trained, trainingPixels);
        return new TrainedClassifier
        {
            Chain = chain,
            InputSchema = mlContext.Data.LoadFromEnumerable<ImageRow>([]).Schema,
            Trained = trained,
            KeptEpoch = KeptEpoch(progress, isCancelled),
            IsCancelled = isCancelled,
            FitTime = fitTime,
            EvaluationRows = evaluationPixels,
        };
    }

    // Training keeps of these what it watches, and the scores and the diagnosis read them again. Of photos for the pretrained network it
    // keeps 512 numbers each, so that there is room for any number of them: their pixels are 600 KB each.
    private IDataView HeldIfSmall(IDataView rows, int count)
    {
        var bytes = (long)count * ((VectorDataViewType)rows.Schema["Features"].Type).Size * sizeof(float);
        return options.Backbone != NoPropBackbone.PretrainedResNet18 && bytes <= options.MaxCachedBytes
            ? mlContext.Data.Cache(rows, "Features", "Label")
            : rows;
    }

    private int? KeptEpoch(TrainingProgress progress, bool isCancelled)
    {
        if (ValidationChooses(options) || (isCancelled && WhenCancelled == WhenCancelled.ReturnBest))
        {
            // Whoever names how the pretrained network is trained further gets the model of that second training, come what may.
            var isSecond = options.FineTuning is FineTuning.LastStage or FineTuning.Everything;
            return progress.BestEpoch(isSecond ? options.Epochs + 1 : 1);
        }

        return isCancelled || progress.History is not [.., var last] ? null : last.Epoch;
    }
}
