using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Draws loss and accuracy over the epochs, side by side. The losses are different quantities, so each has a panel and a scale.
/// </summary>
internal static class TrainingChart
{
    private const int PanelWidth = 560;
    private const int Height = 500;
    private static readonly SKColor TrainingColor = new(31, 119, 180);
    private static readonly SKColor EvaluationColor = new(230, 110, 20);

    /// <summary>Draws the epochs and saves the picture.</summary>
    /// <param name="history">One epoch or more.</param>
    /// <param name="keptEpoch">The epoch that the model is of, if it is of one.</param>
    /// <param name="evaluationName">What the evaluation images are called: test or validation.</param>
    /// <param name="path">The PNG file to write.</param>
    public static void Save(IReadOnlyList<EpochMetrics> history, int? keptEpoch, string evaluationName, string path)
    {
        using var canvas = new ChartCanvas(3 * PanelWidth, Height);
        Draw(0, "Training loss", "mean of an image, lower is better",
            [Curve("training: denoising + prior + read-out", TrainingColor, epoch => epoch.TrainingLoss)]);
        Draw(1, "Log-loss", "mean of an image in nats, lower is better",
            [Curve($"{evaluationName} images", EvaluationColor, epoch => epoch.ValidationLogLoss)]);
        Draw(2, "Accuracy", "images classified correctly, %",
            [Curve("training (at most 1,000 images)", TrainingColor, epoch => 100 * epoch.TrainingAccuracy),
             Curve($"{evaluationName} images", EvaluationColor, epoch => 100 * epoch.ValidationAccuracy)]);
        canvas.SavePng(path);

        void Draw(int index, string title, string unit, IReadOnlyList<ChartCurve> curves) =>
            new CurvePanel(canvas, SKRect.Create(index * PanelWidth, 0, PanelWidth, Height))
                .Draw(title, unit, curves, keptEpoch: keptEpoch);

        ChartCurve Curve(string name, SKColor color, Func<EpochMetrics, double?> value)
        {
            var known = history.Where(epoch => value(epoch) is not null);
            return new(name, color, [.. known.Select(epoch => ((double)epoch.Epoch, value(epoch).GetValueOrDefault()))]);
        }
    }
}
