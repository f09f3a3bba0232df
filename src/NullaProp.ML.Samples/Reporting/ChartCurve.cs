using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A curve of a chart: its name, its colour and its points.</summary>
internal sealed record ChartCurve(string Name, SKColor Color, IReadOnlyList<(double X, double Y)> Points);
