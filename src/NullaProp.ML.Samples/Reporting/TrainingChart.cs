using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Draws loss and accuracy over the epochs, side by side. The losses are different quantities, so each has a panel and a scale.
/// </summary>
internal static class TrainingChart
{
    private const int PanelWidth = 560;
    private const int Height = 460;
    private static readonly SKColor TrainingColor = new(31, 119, 180);
    private static readonly SKColor EvaluationColor = new(230, 110, 20);

    public static void Save(IReadOnlyList<EpochMetrics> history, string evaluationName, string path)
    {
        using var canvas = new ChartCanvas(3 * PanelWidth, Height);
        Panel(0).Draw("Training loss", "denoising + prior + read-out",
            [Curve("training", TrainingColor, epoch => epoch.TrainingLoss)]);
        Panel(1).Draw($"Log-loss on {evaluationName} images", "nats",
            [Curve(evaluationName, EvaluationColor, epoch => epoch.ValidationLogLoss)]);
        Panel(2).Draw("Accuracy", "images classified correctly, %",
            [Curve("training (at most 1,000 images)", TrainingColor, epoch => 100 * epoch.TrainingAccuracy),
             Curve(evaluationName, EvaluationColor, epoch => 100 * epoch.ValidationAccuracy)]);
        canvas.SavePng(path);

        CurvePanel Panel(int index) => new(canvas, SKRect.Create(index * PanelWidth, 0, PanelWidth, Height));

        ChartCurve Curve(string name, SKColor color, Func<EpochMetrics, double?> value)
        {
            var known = history.Where(epoch => value(epoch) is not null);
            return new(name, color, [.. known.Select(epoch => ((double)epoch.Epoch, value(epoch).GetValueOrDefault()))]);
        }
    }
}
