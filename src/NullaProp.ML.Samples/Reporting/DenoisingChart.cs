using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// Draws the way of an image from noise to label: at each evaluation the class probabilities, stacked, as the noisy label says them by
/// itself (above) and as the network predicts them (below).
/// </summary>
internal sealed class DenoisingChart : IDisposable
{
    private const int MostNamed = 6;
    private const float Column = 34;
    private const float PanelHeight = 190;
    private const float Left = 70;
    private const float LegendWidth = 230;
    private const float FirstPanelTop = 100;
    private const float SecondPanelTop = 390;
    private const float Height = 670;
    private const float ThumbnailSide = 150;

    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Others = new(205, 205, 205);

    // Told apart by people who see red and green alike, too (Okabe and Ito).
    private static readonly SKColor[] Colors =
        [new(230, 159, 0), new(86, 180, 233), new(0, 158, 115), new(0, 114, 178), new(213, 94, 0), new(204, 121, 167)];

    private readonly IReadOnlyList<DenoisingPoint> _path;
    private readonly IReadOnlyList<string> _names;
    private readonly int[] _named; // the classes that are ever likely, the last point's likeliest first
    private readonly ChartCanvas _canvas;

    private DenoisingChart(IReadOnlyList<DenoisingPoint> path, IReadOnlyList<string> names)
    {
        (_path, _names) = (path, names);
        _named = [.. Enumerable.Range(0, names.Count)
            .OrderByDescending(k => path.Max(point => Math.Max(point.NoisyLabels[0][k], point.Predictions[0][k])))
            .Take(MostNamed)
            .OrderByDescending(k => path[^1].Predictions[0][k])];
        _canvas = new ChartCanvas(Right + LegendWidth, Height);
    }

    private float Right => Left + _path.Count * Column;

    /// <summary>Draws the way of the first row of a path.</summary>
    /// <param name="points">What <see cref="NoPropTransformer.DenoisingPath"/> returned.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="imagePath">The file of the image, which stands beside.</param>
    /// <param name="path">Where to write the picture.</param>
    public static void Save(IReadOnlyList<DenoisingPoint> points, IReadOnlyList<string> classNames, string imagePath, string path)
    {
        using var chart = new DenoisingChart(points, classNames);
        chart.WriteTitle();
        chart.DrawPanel(FirstPanelTop, "The noisy label z, read without the image", point => point.NoisyLabels[0]);
        chart.DrawPanel(SecondPanelTop, "What the network predicts from image and z", point => point.Predictions[0]);
        chart.WriteLegend();
        chart._canvas.DrawImage(
            imagePath, SKRect.Create(chart.Right + 24, SecondPanelTop + PanelHeight - ThumbnailSide, ThumbnailSide, ThumbnailSide));
        chart._canvas.SavePng(path);
    }

    public void Dispose() => _canvas.Dispose();

    private void WriteTitle()
    {
        var (share, winner) = _path[^1].Predictions[0].Zip(_names).Max();
        _canvas.Write(
            $"From noise to label: {winner}, {share:P1}", new SKPoint(Left, 32), SKTextAlign.Left, Ink, ChartCanvas.TitleSize);
    }

    private void DrawPanel(float top, string title, Func<DenoisingPoint, float[]> probabilities)
    {
        var bottom = top + PanelHeight;
        _canvas.Write(title, new SKPoint(Left, top - 22), SKTextAlign.Left, Ink);
        _canvas.Write("probability", new SKPoint(16, top + PanelHeight / 2), SKTextAlign.Center, Ink, degrees: -90);
        foreach (var tick in new[] { 0, 0.5f, 1 })
            _canvas.Write($"{tick:0.#}", new SKPoint(Left - 10, bottom - tick * PanelHeight), SKTextAlign.Right, Ink);
        for (var i = 0; i < _path.Count; i++)
        {
            DrawColumn(Left + i * Column, bottom, probabilities(_path[i]));
            if (i % 2 == 0 || _path.Count <= 12)
                _canvas.Write($"{_path[i].Time:0.0#}", new SKPoint(Left + (i + 0.5f) * Column, bottom + 16), SKTextAlign.Center, Ink, 12);
        }

        _canvas.Write("noise", new SKPoint(Left, bottom + 40), SKTextAlign.Left, Ink);
        _canvas.Write("time t", new SKPoint((Left + Right) / 2, bottom + 40), SKTextAlign.Center, Ink);
        _canvas.Write("label", new SKPoint(Right, bottom + 40), SKTextAlign.Right, Ink);
    }

    // The likeliest class of the end stands below, so that one sees it grow; classes without a name fill what is left above.
    private void DrawColumn(float left, float bottom, float[] probabilities)
    {
        _canvas.FillRectangle(SKRect.Create(left, bottom - PanelHeight, Column - 3, PanelHeight), Others);
        var y = bottom;
        foreach (var (index, k) in _named.Index())
        {
            var height = probabilities[k] * PanelHeight;
            _canvas.FillRectangle(SKRect.Create(left, y - height, Column - 3, height), Colors[index]);
            y -= height;
        }
    }

    private void WriteLegend()
    {
        var x = Right + 24;
        foreach (var (index, k) in _named.Index())
            Write(index, Colors[index], _names[k]);
        if (_named.Length < _names.Count)
            Write(_named.Length, Others, "the others");

        void Write(int line, SKColor color, string name)
        {
            var y = FirstPanelTop + 12 + line * 26;
            _canvas.FillRectangle(SKRect.Create(x, y - 8, 16, 16), color);
            _canvas.Write(name.Length <= 22 ? name : $"{name[..21]}…", new SKPoint(x + 26, y), SKTextAlign.Left, Ink);
        }
    }
}
