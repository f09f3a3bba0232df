using NullaProp.ML.Diffusion;
using NullaProp.ML.Randomness;
using NullaProp.ML.Samples.Reporting;
using SkiaSharp;

namespace NullaProp.ML.Experiments.Pictures;

/// <summary>A one-hot label at five times of the default noise levels: z = √ᾱ·u + √(1−ᾱ)·ε, always with the same ε.</summary>
internal static class NoisyLabelPicture
{
    private const int Classes = 10;
    private const int TrueClass = 8;
    private const float PanelWidth = 200;
    private const float Height = 320;
    private const float Zero = 165;
    private const float Unit = 52; // pixels
    private const float Bar = 15;

    private static readonly double[] Times = [0, 0.25, 0.5, 0.75, 1];
    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Grid = new(205, 205, 205);
    private static readonly SKColor Others = new(86, 180, 233);
    private static readonly SKColor True = new(213, 94, 0);

    public static void Save(string path)
    {
        var schedule = new LinearNoiseSchedule(new ContinuousTime().LogSnrAtNoise, new ContinuousTime().LogSnrAtLabel);
        var noise = new float[Classes];
        new RandomStreams(seed: 5).Of("picture").Normal(noise);
        using var canvas = new ChartCanvas(Times.Length * PanelWidth, Height);
        foreach (var (index, level) in schedule.Levels(Times).Index())
            DrawPanel(canvas, index * PanelWidth, level, noise);
        canvas.Write(
            "orange: the place of the true class; blue: those of the nine others", new SKPoint(20, Height - 18), SKTextAlign.Left, Ink);
        canvas.SavePng(path);
    }

    private static void DrawPanel(ChartCanvas canvas, float left, NoiseLevel level, float[] noise)
    {
        var start = left + (PanelWidth - Classes * Bar) / 2;
        canvas.Write($"t = {level.Time:0.##}", new SKPoint(left + PanelWidth / 2, 18), SKTextAlign.Center, Ink);
        canvas.Write($"signal ᾱ = {level.AlphaBar:0.000}", new SKPoint(left + PanelWidth / 2, 40), SKTextAlign.Center, Ink);
        canvas.DrawLine(new SKPoint(start - 8, Zero), new SKPoint(start + Classes * Bar + 8, Zero), Grid);
        for (var k = 0; k < Classes; k++)
        {
            var value = level.Noise * noise[k] + (k == TrueClass ? level.Signal : 0);
            var length = (float)Math.Abs(value) * Unit;
            var top = value > 0 ? Zero - length : Zero;
            canvas.FillRectangle(SKRect.Create(start + k * Bar, top, Bar - 3, length), k == TrueClass ? True : Others);
        }
    }
}
