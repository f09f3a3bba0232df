using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML;
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

        using var classifier = new ImageClassifierTraining(context, (ImagePixels)pixels, options, NullLogger.Instance)
            .Run(training, evaluation, progress, CancellationToken.None);

        var kept = progress.History.Single(epoch => epoch.Epoch == classifier.KeptEpoch);
        Assert.AreEqual(kept.ValidationLogLoss!.Value, classifier.Metrics.LogLoss, 1e-4);
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
