using System.Globalization;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Variants;
using SkiaSharp;

namespace NullaProp.ML.Experiments.Pictures;

/// <summary>Discrete time as the paper has it beside the default: what each block sees of the label, and what a step does.</summary>
internal static class DifferencesPicture
{
    private const float PanelWidth = 500;
    private const float Margin = 24;
    private const float Pitch = 45;
    private const float Zero = 262;
    private const float Unit = 165; // pixels of ᾱ = 1
    private const float SmallText = 12;
    private const float LineHeight = 25;

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Grey = new(90, 90, 90);
    private static readonly SKColor Grid = new(205, 205, 205);
    private static readonly SKColor Bar = new(0, 114, 178);

    public static void Save(string path)
    {
        using var canvas = new ChartCanvas(2 * PanelWidth, Zero + 145);
        var paper = NoPropOptions.PaperDiscreteTime;
        var paperVariant = (DiscreteTime)paper.Variant;
        Draw(
            canvas, 0, "the paper", paperVariant, paper.Sampling,
            new CosineNoiseSchedule(paperVariant.LogSnrAtNoise, paperVariant.LogSnrAtLabel),
            ["z begins as noise ε", "the class: what the last z says"]);
        var own = new DiscreteTime();
        Draw(
            canvas, PanelWidth, "the default", own, new Sampling(), new LinearNoiseSchedule(own.LogSnrAtNoise, own.LogSnrAtLabel),
            ["z begins at 0", $"the score: the mean of all {own.BlockCount} û"]);
        canvas.SavePng(path);
    }

    private static void Draw(
        ChartCanvas canvas, float left, string title, DiscreteTime variant, Sampling sampling, NoiseSchedule schedule, string[] ends)
    {
        var levels = BlockLevels.Of(variant, schedule);
        canvas.Write(title, new SKPoint(left + Margin, 22), SKTextAlign.Left, Ink, ChartCanvas.TitleSize);
        canvas.Write("ᾱ: the share of label in the z that each block reads", new SKPoint(left + Margin, 50), SKTextAlign.Left, Grey);
        canvas.DrawLine(new SKPoint(left + Margin, Zero), new SKPoint(left + Margin + variant.BlockCount * Pitch, Zero), Grid);
        foreach (var (index, level) in levels.Take(variant.BlockCount).Index())
        {
            var height = (float)level.AlphaBar * Unit;
            var middle = left + Margin + (index + 0.5f) * Pitch;
            canvas.FillRectangle(SKRect.Create(middle - 14, Zero - height, 28, height), Bar);
            canvas.Write(Number(level.AlphaBar), new SKPoint(middle, Zero - height - 12), SKTextAlign.Center, Ink, SmallText);
            canvas.Write($"{index + 1}", new SKPoint(middle, Zero + 14), SKTextAlign.Center, Grey, SmallText);
        }

        var last = new SolverStages(Dynamics.Of(sampling.Dynamics)).ExponentialEuler(levels[^2], levels[^1]);
        var noise = last.Noise == 0 ? string.Empty : $" + {Number(last.Noise)}·ε";
        string[] lines =
            [ends[0], $"the last step: z ← {Number(last.Prediction)}·û + {Number(last.State)}·z{noise}", ends[1]];
        foreach (var (index, line) in lines.Index())
            canvas.Write(line, new SKPoint(left + Margin, Zero + 52 + index * LineHeight), SKTextAlign.Left, Ink);
    }

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
