using NullaProp.ML.Samples.Reporting;
using SkiaSharp;

namespace NullaProp.ML.Experiments.Pictures;

/// <summary>The package's icon: the entries of a noisy label on their way, one to 1 and the others to 0.</summary>
internal static class IconPicture
{
    private const int Side = 128;
    private const int Margin = 18;
    private const int Steps = 24;

    private static readonly SKColor Background = new(8, 48, 107);
    private static readonly SKColor Others = new(140, 180, 220);
    private static readonly SKColor Winner = new(255, 150, 50);
    private static readonly float[] Starts = [0.05f, 0.3f, 0.45f, 0.92f, 0.7f];

    public static void Save(string path)
    {
        using var canvas = new ChartCanvas(Side, Side);
        canvas.FillRectangle(SKRect.Create(Side, Side), Background);
        for (var i = 0; i < Starts.Length; i++)
        {
            var isWinner = i == Starts.Length - 1;
            DrawWay(canvas, Starts[i], isWinner ? 1 : 0, isWinner ? Winner : Others, isWinner ? 7 : 4);
        }

        canvas.SavePng(path);
    }

    // A smooth step from start to end.
    private static void DrawWay(ChartCanvas canvas, float start, float end, SKColor color, float width)
    {
        var from = At(0);
        canvas.FillCircle(from, width, color);
        for (var step = 1; step <= Steps; step++)
        {
            var to = At((float)step / Steps);
            canvas.DrawLine(from, to, color, width);
            canvas.FillCircle(to, width / 2, color);
            from = to;
        }

        canvas.FillCircle(from, 1.4f * width, color);

        SKPoint At(float time)
        {
            var value = start + (end - start) * time * time * (3 - 2 * time);
            return new SKPoint(Margin + time * (Side - 2 * Margin), Side - Margin - value * (Side - 2 * Margin));
        }
    }
}
