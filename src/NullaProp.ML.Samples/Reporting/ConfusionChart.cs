using Microsoft.ML.Data;
using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Draws the confusion table: a row for each true class, a column for each predicted one, and in each cell the number of images and their
/// share of the row, which is also its colour.
/// </summary>
internal sealed class ConfusionChart : IDisposable
{
    private const int CellSide = 54;
    private const int SmallCellSide = 20; // Too small for a number; from this many classes on, colour has to do.
    private const int MostClassesWithNumbers = 40;
    private const int LongestName = 24;
    private const float Margin = 20;
    private const float HeadingHeight = 80;
    private const float AxisWidth = 50; // The room for what stands along an axis.
    private const float ScaleWidth = 16;
    /// <summary>The most classes of a table that can be drawn and looked at.</summary>
    public const int MostClasses = 300;

    private const float SmallTextSize = 12;
    private const string Explanation = "images, and their share of the true class";

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Quiet = new(95, 95, 95);
    private static readonly SKColor None = new(245, 248, 252);
    private static readonly SKColor All = new(8, 48, 107);

    private readonly IReadOnlyList<IReadOnlyList<double>> _counts;
    private readonly string[] _names;
    private readonly string[] _rowNames; // with the number of images of the class
    private readonly ChartCanvas _canvas;
    private readonly SKRect _table;

    private ConfusionChart(ConfusionMatrix confusion, IReadOnlyList<string> classNames)
    {
        _counts = confusion.Counts; // By true class, then by predicted class.
        _names = [.. classNames.Select(name => name.Length <= LongestName ? name : $"{name[..(LongestName - 1)]}…")];
        _rowNames = [.. _names.Select((name, truth) => $"{name} ({_counts[truth].Sum():N0})")];
        using var ruler = new ChartCanvas(1, 1);
        var side = _names.Length * (HasNumbers ? CellSide : SmallCellSide);
        _table = SKRect.Create(AxisWidth + _rowNames.Max(name => ruler.Measure(name)) + 10, HeadingHeight, side, side);
        var right = Math.Max(_table.Right + 2 * Margin + ScaleWidth + ruler.Measure("100 %"), Margin + ruler.Measure(Explanation));
        _canvas = new ChartCanvas(right + Margin, _table.Bottom + _names.Max(name => ruler.Measure(name)) + AxisWidth);
    }

    private bool HasNumbers => _names.Length <= MostClassesWithNumbers;

    private float Cell => _table.Width / _names.Length;

    public static void Save(ConfusionMatrix confusion, IReadOnlyList<string> classNames, string path)
    {
        using var chart = new ConfusionChart(confusion, classNames);
        chart.WriteNames();
        chart.DrawScale();
        for (var truth = 0; truth < classNames.Count; truth++)
            chart.DrawRow(truth);
        chart._canvas.SavePng(path);
    }

    public void Dispose() => _canvas.Dispose();

    private void WriteNames()
    {
        _canvas.Write("Confusion table", new SKPoint(Margin, 26), SKTextAlign.Left, Ink, ChartCanvas.TitleSize);
        _canvas.Write(Explanation, new SKPoint(Margin, 52), SKTextAlign.Left, Quiet);
        _canvas.Write("true class (images)", new SKPoint(Margin, _table.MidY), SKTextAlign.Center, Ink, degrees: -90);
        _canvas.Write("predicted class", new SKPoint(_table.MidX, _canvas.Height - Margin), SKTextAlign.Center, Ink);
        for (var i = 0; i < _names.Length; i++)
        {
            var middle = (i + 0.5f) * Cell;
            _canvas.Write(_rowNames[i], new SKPoint(_table.Left - 8, _table.Top + middle), SKTextAlign.Right, Ink);
            _canvas.Write(_names[i], new SKPoint(_table.Left + middle, _table.Bottom + 8), SKTextAlign.Right, Ink, degrees: -90);
        }
    }

    // What the colours mean, beside the table, from 100 % at the top to 0.
    private void DrawScale()
    {
        const int steps = 50;
        var scale = SKRect.Create(_table.Right + Margin, _table.Top, ScaleWidth, Math.Min(_table.Height, 5 * CellSide));
        var step = scale.Height / steps;
        for (var i = 0; i < steps; i++)
            _canvas.FillRectangle(SKRect.Create(scale.Left, scale.Top + i * step, scale.Width, step + 1), Blend(1 - (i + 0.5) / steps));
        foreach (var share in new[] { 1, 0.5, 0 })
        {
            var y = scale.Bottom - (float)share * scale.Height;
            _canvas.Write($"{100 * share:0} %", new SKPoint(scale.Right + 6, y), SKTextAlign.Left, Ink, SmallTextSize);
        }
    }

    private void DrawRow(int truth)
    {
        var total = _counts[truth].Sum();
        for (var predicted = 0; predicted < _names.Length; predicted++)
        {
            var count = _counts[truth][predicted];
            var share = total > 0 ? count / total : 0;
            var cell = SKRect.Create(_table.Left + predicted * Cell, _table.Top + truth * Cell, Cell - 1, Cell - 1);
            _canvas.FillRectangle(cell, Blend(share));
            if (HasNumbers)
                WriteNumbers(cell, count, share);
        }
    }

    private void WriteNumbers(SKRect cell, double count, double share)
    {
        if (count == 0)
        {
            _canvas.Write("0", new SKPoint(cell.MidX, cell.MidY), SKTextAlign.Center, Quiet, SmallTextSize);
            return;
        }

        var color = share > 0.5 ? SKColors.White : Ink;
        _canvas.Write($"{count:0}", new SKPoint(cell.MidX, cell.MidY - 8), SKTextAlign.Center, color);
        var text = share < 0.005 ? "< 1 %" : $"{100 * share:0} %";
        _canvas.Write(text, new SKPoint(cell.MidX, cell.MidY + 11), SKTextAlign.Center, color, SmallTextSize);
    }

    // In proportion, so that 3 of 30 look like the tenth that they are.
    private static SKColor Blend(double share)
    {
        return new SKColor(Mix(None.Red, All.Red), Mix(None.Green, All.Green), Mix(None.Blue, All.Blue));

        byte Mix(byte none, byte all) => (byte)Math.Round(none + share * (all - none));
    }
}
