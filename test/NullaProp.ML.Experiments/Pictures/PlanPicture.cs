using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Samples.Reporting;
using SkiaSharp;

namespace NullaProp.ML.Experiments.Pictures;

/// <summary>The default plan, compiled along a straight schedule: its evaluations with their numbers.</summary>
internal static class PlanPicture
{
    private const float BoxWidth = 262;
    private const float BoxHeight = 150;
    private const float Gap = 40;
    private const float Top = 60;
    private const float Margin = 24;
    private const float LineHeight = 25;

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Box = new(232, 240, 248);
    private static readonly SKColor Arrow = new(0, 114, 178);

    public static void Save(string path)
    {
        var variant = new ContinuousTime();
        var schedule = new LinearNoiseSchedule(variant.LogSnrAtNoise, variant.LogSnrAtLabel);
        var sampling = new Sampling();
        var plan = new PlanCompiler(Dynamics.Of(sampling.Dynamics), schedule.Levels, classes: 10).Compile(sampling, LastEvaluation.AtLabel);
        using var canvas = new ChartCanvas(2 * Margin + plan.Stages.Count * (BoxWidth + Gap) - Gap, Top + BoxHeight + 60);
        canvas.Write("noise: z = 0", new SKPoint(Margin, 24), SKTextAlign.Left, Ink);
        foreach (var (index, stage) in plan.Stages.Index())
            DrawStage(canvas, index, stage, isLast: index == plan.Stages.Count - 1);
        canvas.Write(
            "û: what the network predicts of the label from the image, z and t. z₀: z at the start of the step.",
            new SKPoint(Margin, Top + BoxHeight + 30), SKTextAlign.Left, Ink);
        canvas.SavePng(path);
    }

    private static void DrawStage(ChartCanvas canvas, int index, SamplingStage stage, bool isLast)
    {
        var left = Margin + index * (BoxWidth + Gap);
        canvas.FillRectangle(SKRect.Create(left, Top, BoxWidth, BoxHeight), Box);
        string[] lines =
        [
            $"evaluation {index + 1}, t = {stage.Time:0.##}",
            $"{Predicted(index)} = network(image, z, t)",
            $"z ← {stage.State:0.00}·z₀{Term(stage.Prediction, index)}{Term(stage.PreviousPrediction, index - 1)}",
            stage.EndsStep ? "the step ends here" : "a trial within the step",
            $"score + {stage.ScoreShare:0.##}·{Predicted(index)}",
        ];
        foreach (var (line, text) in lines.Index())
            canvas.Write(text, new SKPoint(left + 12, Top + 24 + line * LineHeight), SKTextAlign.Left, Ink);
        if (!isLast)
            DrawArrow(canvas, new SKPoint(left + BoxWidth + 4, Top + BoxHeight / 2), Gap - 8);
    }

    private static string Term(double factor, int index) =>
        factor == 0 ? string.Empty : $" {(factor < 0 ? '−' : '+')} {Math.Abs(factor):0.00}·{Predicted(index)}";

    private static string Predicted(int index) => $"û{(char)('₁' + index)}";

    private static void DrawArrow(ChartCanvas canvas, SKPoint from, float length)
    {
        var tip = new SKPoint(from.X + length, from.Y);
        canvas.DrawLine(from, tip, Arrow, 3);
        canvas.DrawLine(new SKPoint(tip.X - 9, tip.Y - 8), tip, Arrow, 3);
        canvas.DrawLine(new SKPoint(tip.X - 9, tip.Y + 8), tip, Arrow, 3);
    }
}
