using System.Diagnostics;
using Microsoft.ML.Data;

namespace NullaProp.ML.Samples.Training;

/// <summary>What the saved model does when another context loads it: the same scores, and single predictions in so much time.</summary>
internal sealed record ReloadCheck(double MaxScoreDifference, IReadOnlyList<TimedPrediction> Predictions, TimeSpan MedianLatency)
{
    private const int WarmUpPredictions = 20;
    private const int TimedPredictions = 200;

    /// <summary>Loads the model and compares it with the one in memory on the images that one was evaluated on.</summary>
    public static ReloadCheck Run(
        string modelPath, ClassifierEvaluation original, IReadOnlyList<ImageRow> images, CancellationToken cancellationToken)
    {
        using var predictor = ImagePredictor.Load(modelPath);
        var difference = original.Scored.GetColumn<float[]>("Score")
            .Zip(predictor.Scores(images), MaxDifference)
            .Aggregate(0d, MaxOrNaN);

        // The first predictions compile code and fill caches.
        foreach (var image in Spread(images, WarmUpPredictions))
            Predict(predictor, image);
        cancellationToken.ThrowIfCancellationRequested();

        var oneOfEachClass = images.DistinctBy(image => image.Label).Take(10).Select(image => Predict(predictor, image)).ToArray();
        var latencies = Spread(images, TimedPredictions).Select(image => Predict(predictor, image).Latency).Order().ToArray();
        return new ReloadCheck(difference, oneOfEachClass, latencies[latencies.Length / 2]);
    }

    private static double MaxDifference(float[] first, float[] second) =>
        first.Zip(second, (a, b) => (double)Math.Abs(a - b)).Aggregate(0d, MaxOrNaN);

    // Math.Max, unlike LINQ's Max, lets NaN through: a score that is no number must not pass as equal.
    private static double MaxOrNaN(double first, double second) => Math.Max(first, second);

    // Evenly over all images, as they come sorted by class.
    private static IEnumerable<ImageRow> Spread(IReadOnlyList<ImageRow> images, int count) =>
        Enumerable.Range(0, count).Select(i => images[(int)((long)i * images.Count / count)]);

    private static TimedPrediction Predict(ImagePredictor predictor, ImageRow image)
    {
        var start = Stopwatch.GetTimestamp();
        var classes = predictor.Predict(image.ImagePath);
        return new TimedPrediction(image, classes[0], Stopwatch.GetElapsedTime(start));
    }
}

/// <summary>The most likely class of an image, and the time from file to class.</summary>
internal sealed record TimedPrediction(ImageRow Image, ClassProbability Best, TimeSpan Latency);
