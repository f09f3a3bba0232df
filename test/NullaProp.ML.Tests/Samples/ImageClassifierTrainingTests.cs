using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.ImageFiles;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>The epoch that the chart marks is that of the model, whatever chose it.</summary>
[TestClass]
public sealed class ImageClassifierTrainingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static IEnumerable<object[]> Trainings =>
    [
        [ImagePixels.ForPhotos, NoPropOptions.Photos with { Epochs = 3, BatchSize = 4, LearningRate = 0.01, Seed = 1 }],
        [Small, new NoPropOptions { Epochs = 6, BatchSize = 4, LearningRate = 0.01, EarlyStoppingPatience = 2, Seed = 1 }],
        [Small, new NoPropOptions { Epochs = 4, BatchSize = 4, Seed = 1 }],
    ];

    private static ImagePixels Small => new() { Side = 8, Colors = PixelColors.Rgb };

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DynamicData(nameof(Trainings))]
    public void KeptEpoch_AnyChoice_HasTheLogLossOfTheModel(object pixels, NoPropOptions options)
    {
        var context = new MLContext(seed: 1);
        WritePictures();
        var (training, evaluation) = context.Data.LoadImageFolder(_folder.Path).Split(0.5);
        var progress = new TrainingProgress("validation", showsLines: true);

        var job = new ImageClassifierTraining(context, (ImagePixels)pixels, options, NullLogger.Instance);
        using var classifier = job.Run(training, evaluation, progress, CancellationToken.None);

        var kept = progress.History.Single(epoch => epoch.Epoch == classifier.KeptEpoch);
        Assert.AreEqual(kept.ValidationLogLoss!.Value, job.Evaluate(classifier).Metrics.LogLoss, 1e-4);
    }

    // Photos are read again for the scores, and so is what takes more memory than training images may: it is not held meanwhile.
    [TestMethod]
    [DataRow(true, 8, 1L << 30, true)]
    [DataRow(false, 64, 65_536L, true)]
    [DataRow(false, 8, 65_536L, false)]
    public void Evaluate_Images_AreHeldWhereTheyAreFewAndSmall(bool arePhotos, int side, long memory, bool areReadAgain)
    {
        var context = new MLContext(seed: 1);
        WritePictures();
        var (training, evaluation) = context.Data.LoadImageFolder(_folder.Path).Split(0.5);
        var options = arePhotos ? NoPropOptions.Photos with { FineTuning = FineTuning.Frozen } : new NoPropOptions();
        var pixels = arePhotos ? ImagePixels.ForPhotos : new ImagePixels { Side = side, Colors = PixelColors.Rgb };
        var log = new LogLines(line =>
        {
            if (line.StartsWith("Epoch 1 of 1", StringComparison.Ordinal))
            {
                File.Delete(evaluation.Files[0].ImagePath);
            }
        });
        var job = new ImageClassifierTraining(
            context, pixels, options with { Epochs = 1, BatchSize = 4, MaxCachedBytes = memory }, log);

        using var classifier = job.Run(training, evaluation, new TrainingProgress("validation", showsLines: true), default);

        if (areReadAgain)
            Assert.Contains("There is no image file", Assert.ThrowsExactly<UserMistakeException>(() => job.Evaluate(classifier)).Message);
        else
            job.Evaluate(classifier);
        Assert.IsFalse(File.Exists(evaluation.Files[0].ImagePath));
    }

    // Its last step is taken.
    [TestMethod]
    [DataRow(3, true, null)]
    [DataRow(4, false, 4)]
    public void Run_CancelledAtTheEndOfAnEpoch_SaysSoWhereAStepIsLeft(int epoch, bool isCancelled, int? kept)
    {
        var context = new MLContext(seed: 1);
        WritePictures();
        var (training, evaluation) = context.Data.LoadImageFolder(_folder.Path).Split(0.5);
        using var source = new CancellationTokenSource();
        var log = new LogLines(line =>
        {
            if (line.StartsWith($"Epoch {epoch} of 4", StringComparison.Ordinal))
            {
                source.Cancel();
            }
        });
        var options = new NoPropOptions { Epochs = 4, BatchSize = 4, Seed = 1 };
        var job = new ImageClassifierTraining(context, Small, options, log) { WhenCancelled = WhenCancelled.ReturnLast };

        using var classifier = job.Run(training, evaluation, new TrainingProgress("validation", showsLines: true), source.Token);

        Assert.AreEqual(isCancelled, classifier.IsCancelled);
        Assert.AreEqual(kept, classifier.KeptEpoch);
    }

    // Noise, of which nothing can be learnt: the longer the training, the worse the log-loss.
    private void WritePictures()
    {
        var random = new Random(1);
        foreach (var name in Enumerable.Range(0, 16).Select(number => $"{(number % 2 == 0 ? "one" : "other")}/{number}.png"))
        {
            var path = _folder.File(name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, OddImages.Png(8, 8, 2, (_, _) => [Byte(), Byte(), Byte()]));
        }

        byte Byte() => (byte)random.Next(256);
    }
}
