using Microsoft.ML.Data;
using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Draws the confusion table as a heat map: a row for each true class, a column for each predicted one. Colour is the share of the
/// row.
/// </summary>
internal sealed class ConfusionChart : IDisposable
{
    private const int CellSide = 54;
    private const int SmallCellSide = 20; // Too small for a number; from this many classes on, colour has to do.
    private const int MostClassesWithNumbers = 40;
    private const int LongestName = 24;
    private const float Margin = 20;
    private const float HeadingHeight = 50; // Also the room for what stands along an axis.

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor None = new(245, 248, 252);
    private static readonly SKColor All = new(8, 48, 107);

    private readonly IReadOnlyList<IReadOnlyList<double>> _counts;
    private readonly string[] _names;
    private readonly ChartCanvas _canvas;
    private readonly SKRect _table;

    private ConfusionChart(ConfusionMatrix confusion, IReadOnlyList<string> classNames)
    {
        _counts = confusion.Counts; // By true class, then by predicted class.
        _names = [.. classNames.Select(name => name.Length <= LongestName ? name : $"{name[..(LongestName - 1)]}…")];
        using (var ruler = new ChartCanvas(1, 1))
        {
            var namesLength = _names.Max(name => ruler.Measure(name)) + 10;
            var side = _names.Length * (HasNumbers ? CellSide : SmallCellSide);
            _table = SKRect.Create(HeadingHeight + namesLength, HeadingHeight, side, side);
        }

        _canvas = new ChartCanvas(_table.Right + Margin, _table.Bottom + _table.Left);
    }

    private bool HasNumbers => _names.Length <= MostClassesWithNumbers;

    private float Cell => _table.Width / _names.Length;

    public static void Save(ConfusionMatrix confusion, IReadOnlyList<string> classNames, string path)
    {
        using var chart = new ConfusionChart(confusion, classNames);
        chart.WriteNames();
        for (var truth = 0; truth < classNames.Count; truth++)
            chart.DrawRow(truth);
        chart._canvas.SavePng(path);
    }

    public void Dispose() => _canvas.Dispose();

    private void WriteNames()
    {
        _canvas.Write("Confusion table", new SKPoint(_table.MidX, HeadingHeight / 2), SKTextAlign.Center, Ink, ChartCanvas.TitleSize);
        _canvas.Write("true class", new SKPoint(Margin, _table.MidY), SKTextAlign.Center, Ink, degrees: -90);
        _canvas.Write("predicted class", new SKPoint(_table.MidX, _table.Bottom + _table.Left - Margin), SKTextAlign.Center, Ink);
        for (var i = 0; i < _names.Length; i++)
        {
            var middle = (i + 0.5f) * Cell;
            _canvas.Write(_names[i], new SKPoint(_table.Left - 8, _table.Top + middle), SKTextAlign.Right, Ink);
            _canvas.Write(_names[i], new SKPoint(_table.Left + middle, _table.Bottom + 8), SKTextAlign.Right, Ink, degrees: -90);
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
                _canvas.Write($"{count:0}", new SKPoint(cell.MidX, cell.MidY), SKTextAlign.Center, share > 0.45 ? SKColors.White : Ink);
        }
    }

    // The square root shows a few per cent, which is what one looks for, as more than a trace.
    private static SKColor Blend(double share)
    {
        var weight = Math.Sqrt(share);
        return new SKColor(Mix(None.Red, All.Red), Mix(None.Green, All.Green), Mix(None.Blue, All.Blue));

        byte Mix(byte none, byte all) => (byte)Math.Round(none + weight * (all - none));
    }
}
