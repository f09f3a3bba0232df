using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A panel of curves over epochs or other counts: title, names of the curves, axes.</summary>
internal sealed class CurvePanel(ChartCanvas canvas, SKRect area)
{
    private static readonly SKColor Ink = SKColors.Black;
    private static readonly SKColor Quiet = new(95, 95, 95);
    private static readonly SKColor Grid = new(225, 225, 225);

    // Inside the panel: title, legend and kept epoch above; numbers and the words for them below and on the left.
    private readonly SKRect _plot = new(area.Left + 95, area.Top + 95, area.Right - 25, area.Bottom - 88);

    /// <summary>Draws the panel.</summary>
    /// <param name="title">What the curves show.</param>
    /// <param name="unit">What the numbers on the left count.</param>
    /// <param name="curves">One curve or more.</param>
    /// <param name="axis">What the numbers below count.</param>
    /// <param name="keptEpoch">The epoch that the model is of, if one is to be marked.</param>
    public void Draw(
        string title,
        string unit,
        IReadOnlyList<ChartCurve> curves,
        string axis = "epoch: a pass over the training images",
        int? keptEpoch = null)
    {
        canvas.Write(title, new SKPoint(_plot.MidX, area.Top + 25), SKTextAlign.Center, Ink, ChartCanvas.TitleSize);
        WriteLegend(curves);
        var epochs = AxisScale.Of([.. curves.SelectMany(curve => curve.Points).Select(point => point.X)], smallestStep: 1);
        var values = AxisScale.Of([.. curves.SelectMany(curve => curve.Points).Select(point => point.Y)]);
        DrawAxes(epochs, values, unit, axis);
        if (keptEpoch is { } kept)
            MarkKept(kept, X(epochs, kept));
        foreach (var curve in curves)
            DrawCurve(curve, epochs, values);
    }

    private void MarkKept(int epoch, float x)
    {
        var text = $"kept: epoch {epoch}";
        var half = canvas.Measure(text) / 2;
        canvas.DrawDashesDown(new SKPoint(x, _plot.Top), _plot.Height, Quiet);
        canvas.Write(text, new SKPoint(Math.Clamp(x, area.Left + half, area.Right - half - 5), _plot.Top - 14), SKTextAlign.Center, Quiet);
    }

    // Above the plot, where no curve can run through it.
    private void WriteLegend(IReadOnlyList<ChartCurve> curves)
    {
        const float mark = 24;
        const float gap = 22;
        var y = area.Top + 53;
        var x = _plot.MidX - (curves.Sum(curve => mark + canvas.Measure(curve.Name)) + gap * (curves.Count - 1)) / 2;
        foreach (var curve in curves)
        {
            canvas.DrawLine(new SKPoint(x, y), new SKPoint(x + mark - 6, y), curve.Color, 3);
            canvas.Write(curve.Name, new SKPoint(x + mark, y), SKTextAlign.Left, Ink);
            x += mark + canvas.Measure(curve.Name) + gap;
        }
    }

    private void DrawAxes(AxisScale epochs, AxisScale values, string unit, string axis)
    {
        foreach (var tick in values.Ticks)
        {
            var y = Y(values, tick);
            canvas.DrawLine(new SKPoint(_plot.Left, y), new SKPoint(_plot.Right, y), Grid);
            canvas.Write($"{tick:0.######}", new SKPoint(_plot.Left - 8, y), SKTextAlign.Right, Ink);
        }

        foreach (var tick in epochs.Ticks)
        {
            var x = X(epochs, tick);
            canvas.DrawLine(new SKPoint(x, _plot.Bottom), new SKPoint(x, _plot.Bottom + 5), Ink);
            canvas.Write($"{tick:0}", new SKPoint(x, _plot.Bottom + 17), SKTextAlign.Center, Ink);
        }

        canvas.DrawLine(new SKPoint(_plot.Left, _plot.Bottom), new SKPoint(_plot.Right, _plot.Bottom), Ink);
        canvas.DrawLine(new SKPoint(_plot.Left, _plot.Top), new SKPoint(_plot.Left, _plot.Bottom), Ink);
        canvas.Write(axis, new SKPoint(_plot.MidX, _plot.Bottom + 43), SKTextAlign.Center, Ink);
        canvas.Write(unit, new SKPoint(area.Left + 20, _plot.MidY), SKTextAlign.Center, Ink, degrees: -90);
        if (values.Minimum > 0)
            MarkCut(values.Minimum);
    }

    // Two strokes across the axis and a sentence: heights of such curves must not be compared by eye.
    private void MarkCut(double start)
    {
        foreach (var y in new[] { _plot.Bottom - 10, _plot.Bottom - 15 })
            canvas.DrawLine(new SKPoint(_plot.Left - 6, y + 3), new SKPoint(_plot.Left + 6, y - 3), Ink, 1.5f);
        var middle = new SKPoint(_plot.MidX, _plot.Bottom + 68);
        canvas.Write($"The axis begins at {start:0.######}, not at 0.", middle, SKTextAlign.Center, Quiet);
    }

    private void DrawCurve(ChartCurve curve, AxisScale epochs, AxisScale values)
    {
        var points = curve.Points.Select(point => new SKPoint(X(epochs, point.X), Y(values, point.Y))).ToArray();
        var steps = curve.Points.Zip(curve.Points.Skip(1), (from, to) => to.X - from.X).ToArray();
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i] < 1.5 * steps.Min()) // else there is a pause, as between two trainings
                canvas.DrawLine(points[i], points[i + 1], curve.Color, 2.5f);
        }

        if (points.Length <= 50) // More circles than that would hide the curve.
            Array.ForEach(points, point => canvas.FillCircle(point, 3.5f, curve.Color));
    }

    private float X(AxisScale scale, double value) => _plot.Left + scale.Position(value) * _plot.Width;

    private float Y(AxisScale scale, double value) => _plot.Bottom - scale.Position(value) * _plot.Height;
}

/// <summary>A curve of a chart: its name, its colour and its points.</summary>
internal sealed record ChartCurve(string Name, SKColor Color, IReadOnlyList<(double X, double Y)> Points);

/// <summary>The range of an axis and the round numbers marked on it.</summary>
internal sealed record AxisScale(double Minimum, double Maximum, IReadOnlyList<double> Ticks)
{
    private const int MostTicks = 8;

    /// <summary>Returns a scale that begins and ends at a round number and holds all values.</summary>
    /// <param name="values">One value or more.</param>
    /// <param name="smallestStep">The least distance of two ticks: 1 for epochs, which have no halves.</param>
    public static AxisScale Of(IReadOnlyCollection<double> values, double smallestStep = 0)
    {
        var (low, high) = (values.Min(), values.Max());
        var step = Step(high > low ? high - low : Math.Max(Math.Abs(high), 1), smallestStep);
        var first = Math.Floor(low / step);
        var last = Math.Max(Math.Ceiling(high / step), first + 1); // A single value still needs a range.
        return new AxisScale(first * step, last * step, [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)]);
    }

    /// <summary>Returns where a value lies between the minimum (0) and the maximum (1).</summary>
    public float Position(double value) => (float)((value - Minimum) / (Maximum - Minimum));

    // 1, 2 or 5 times a power of ten: the smallest that gives few enough ticks.
    private static double Step(double range, double smallestStep)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(range / MostTicks)));
        var step = new[] { 1, 2, 5, 10 }.Select(factor => factor * power).First(candidate => range / candidate <= MostTicks);
        return Math.Max(step, smallestStep);
    }
}
