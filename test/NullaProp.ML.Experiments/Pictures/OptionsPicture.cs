using NullaProp.ML.Samples.Reporting;
using SkiaSharp;

namespace NullaProp.ML.Experiments.Pictures;

/// <summary>Where each kind of option counts: a bar from the first place that reads it to the last one.</summary>
internal static class OptionsPicture
{
    private const float Margin = 20;
    private const float NameWidth = 470;
    private const float ColumnWidth = 120;
    private const float Top = 44;
    private const float RowHeight = 58;

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Grey = new(90, 90, 90);
    private static readonly SKColor Grid = new(205, 205, 205);
    private static readonly SKColor Passing = new(230, 159, 0);
    private static readonly SKColor Fixed = new(0, 114, 178);
    private static readonly SKColor Changeable = new(0, 158, 115);

    private static readonly string[] Places = ["Fit", "model file", "Transform", "SaveAsOnnx"];

    // By the numbers of the first and the last place.
    private static readonly (string Name, string Meaning, int First, int Last, SKColor Color)[] Rows =
    [
        ($"{nameof(NoPropRun)}, {nameof(Checkpoints)}", "who takes part in one training, and where it is kept", 0, 0, Passing),
        ($"{nameof(NoPropOptions.BackboneWeightsPath)}, {nameof(NoPropOptions.FineTuning)}",
            "what the weights start from, and what of it is trained", 0, 0, Passing),
        ($"{nameof(NoPropOptions.Epochs)}, {nameof(NoPropOptions.LearningRate)}, {nameof(NoPropOptions.Augmentation)}, …",
            "how it is trained; the next training may choose anew", 0, 1, Passing),
        ($"with *: {Marked()}, …",
            $"of {nameof(Embedding)} and {nameof(NoPropOptions.Variant)}, too: decide the parameters", 0, 3, Fixed),
        ("names of columns", $"{nameof(NoPropTransformer.WithColumns)} changes them in a trained model", 0, 2, Changeable),
        (nameof(Sampling), $"how it scores; {nameof(NoPropTransformer.WithSampling)} changes it in a trained model", 0, 3, Changeable),
        (nameof(OnnxExport), "what the ONNX file reads and returns, and in which numbers", 3, 3, Passing),
    ];

    public static void Save(string path)
    {
        var height = Top + Rows.Length * RowHeight + 10;
        using var canvas = new ChartCanvas(2 * Margin + NameWidth + Places.Length * ColumnWidth, height);
        foreach (var (index, place) in Places.Index())
        {
            canvas.Write(place, new SKPoint(Left(index) + ColumnWidth / 2, Top / 2), SKTextAlign.Center, Ink);
            canvas.DrawLine(new SKPoint(Left(index), Top), new SKPoint(Left(index), height - 10), Grid);
        }

        foreach (var (index, (name, meaning, first, last, color)) in Rows.Index())
        {
            var top = Top + index * RowHeight;
            canvas.DrawLine(new SKPoint(Margin, top), new SKPoint(Left(Places.Length), top), Grid);
            canvas.Write(name, new SKPoint(Margin, top + 20), SKTextAlign.Left, Ink);
            canvas.Write(meaning, new SKPoint(Margin, top + 41), SKTextAlign.Left, Grey);
            canvas.FillRectangle(SKRect.Create(Left(first) + 4, top + 17, (last - first + 1) * ColumnWidth - 8, RowHeight - 34), color);
        }

        canvas.SavePng(path);
    }

    private static float Left(int place) => Margin + NameWidth + place * ColumnWidth;

    private static string Marked() =>
        string.Join(", ", OptionProperty.Of(typeof(NoPropOptions)).Where(option => option.DecidesParameters).Select(option => option.Name));
}
