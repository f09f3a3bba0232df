using NullaProp.ML.Samples.Reporting;
using SkiaSharp;

namespace NullaProp.ML.Experiments.Pictures;

/// <summary>The ladder of layers: each rung knows the one below it alone.</summary>
internal static class LayersPicture
{
    private const float Width = 900;
    private const float Left = 20;
    private const float RungHeight = 66;
    private const float Gap = 26;

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Grey = new(90, 90, 90);
    private static readonly SKColor Arrow = new(0, 114, 178);

    private static readonly (string Name, string Knows, SKColor Color)[] Rungs =
    [
        ("ML.NET pipeline", "Trainers.NoProp, NoPropTransformer: rows, columns, names of classes", new(255, 236, 204)),
        ("variant", "ContinuousTime, DiscreteTime, FlowMatching: which noise, which loss, which plan", new(232, 240, 248)),
        ("plan", "a list of numbers: when to evaluate, and by what to multiply z and û", new(232, 240, 248)),
        ("interpreter", "walks the plan; knows no arithmetic", new(232, 240, 248)),
    ];

    private static readonly (string Name, string For)[] Backends =
        [("managed memory", "one row, with SIMD"), ("libtorch", "batches, CPU or GPU"), ("ONNX", "a graph for other programs")];

    public static void Save(string path)
    {
        using var canvas = new ChartCanvas(Width, 20 + (Rungs.Length + 1) * (RungHeight + Gap));
        foreach (var (index, (name, knows, color)) in Rungs.Index())
        {
            var rung = SKRect.Create(Left, Top(index), Width - 2 * Left, RungHeight);
            canvas.FillRectangle(rung, color);
            Write(canvas, rung, name, knows);
            DrawArrow(canvas, new SKPoint(Width / 2, rung.Bottom + 2));
        }

        var width = (Width - 2 * Left - 2 * Gap) / Backends.Length;
        foreach (var (index, (name, use)) in Backends.Index())
        {
            var box = SKRect.Create(Left + index * (width + Gap), Top(Rungs.Length), width, RungHeight);
            canvas.FillRectangle(box, new SKColor(222, 240, 232));
            Write(canvas, box, name, use);
        }

        canvas.SavePng(path);
    }

    private static float Top(int rung) => 20 + rung * (RungHeight + Gap);

    private static void Write(ChartCanvas canvas, SKRect box, string name, string text)
    {
        canvas.Write(name, new SKPoint(box.Left + 16, box.Top + 22), SKTextAlign.Left, Ink, ChartCanvas.TitleSize);
        canvas.Write(text, new SKPoint(box.Left + 16, box.Top + 48), SKTextAlign.Left, Grey);
    }

    private static void DrawArrow(ChartCanvas canvas, SKPoint from)
    {
        var tip = new SKPoint(from.X, from.Y + Gap - 4);
        canvas.DrawLine(from, tip, Arrow, 3);
        canvas.DrawLine(new SKPoint(tip.X - 8, tip.Y - 9), tip, Arrow, 3);
        canvas.DrawLine(new SKPoint(tip.X + 8, tip.Y - 9), tip, Arrow, 3);
    }
}
