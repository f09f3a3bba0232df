using NullaProp.ML.Samples.Commands;
using SkiaSharp;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A white picture to draw a chart on, saved as PNG.</summary>
/// <remarks>
/// Drawn with the SkiaSharp that ML.NET's image transforms bring. Chart libraries such as ScottPlot 5.1 need SkiaSharp 3, on which
/// ML.NET 5.0.1 cannot extract pixels (<c>MissingMethodException</c>), and one process can hold only one of the two.
/// </remarks>
internal sealed class ChartCanvas : IDisposable
{
    /// <summary>The size of plain text, in pixels.</summary>
    public const float TextSize = 15;

    /// <summary>The size of a title, in pixels.</summary>
    public const float TitleSize = 19;

    private readonly SKSurface _surface;

    // Shipped with the program: a server or a container often has no font at all, and a chart without letters tells nothing.
    private readonly SKTypeface _typeface = SKTypeface.FromFile(Path.Combine(AppContext.BaseDirectory, "Data", "fonts", "DejaVuSans.ttf"));
    private readonly List<SKTypeface> _others = []; // of this machine, for scripts that the one above lacks
    private string? _unwritten;

    public ChartCanvas(float width, float height)
    {
        Height = MathF.Ceiling(height);
        _surface = SKSurface.Create(new SKImageInfo((int)MathF.Ceiling(width), (int)MathF.Ceiling(height)));
        _surface.Canvas.Clear(SKColors.White);
    }

    /// <summary>Gets the height, in pixels.</summary>
    public float Height { get; }

    /// <summary>Returns the width of a text, in pixels.</summary>
    public float Measure(string text, float size = TextSize)
    {
        using var paint = CreateTextPaint(text, SKColors.Black, size, SKTextAlign.Left);
        return paint.MeasureText(text);
    }

    /// <summary>
    /// Writes a text whose middle line runs through the point, which is its left end, centre or right end; -90 degrees writes
    /// upwards.
    /// </summary>
    public void Write(string text, SKPoint point, SKTextAlign align, SKColor color, float size = TextSize, float degrees = 0)
    {
        using var paint = CreateTextPaint(text, color, size, align);
        using var restore = new SKAutoCanvasRestore(_surface.Canvas);
        _surface.Canvas.RotateDegrees(degrees, point.X, point.Y);
        _surface.Canvas.DrawText(text, point.X, point.Y + 0.36f * size, paint); // Capitals are 0.73 of the size high.
    }

    public void DrawLine(SKPoint from, SKPoint to, SKColor color, float width = 1)
    {
        using var paint = new SKPaint { Color = color, StrokeWidth = width, IsAntialias = true };
        _surface.Canvas.DrawLine(from, to, paint);
    }

    /// <summary>Draws a line of dashes straight down.</summary>
    public void DrawDashesDown(SKPoint from, float length, SKColor color)
    {
        using var dashes = SKPathEffect.CreateDash([6, 5], phase: 0);
        using var paint = new SKPaint { Color = color, StrokeWidth = 1.5f, PathEffect = dashes };
        _surface.Canvas.DrawLine(from, new SKPoint(from.X, from.Y + length), paint);
    }

    public void FillCircle(SKPoint center, float radius, SKColor color)
    {
        using var paint = new SKPaint { Color = color, IsAntialias = true };
        _surface.Canvas.DrawCircle(center, radius, paint);
    }

    public void FillRectangle(SKRect rectangle, SKColor color)
    {
        using var paint = new SKPaint { Color = color };
        _surface.Canvas.DrawRect(rectangle, paint);
    }

    /// <summary>Draws an image file, as large as fits into a place. Its pixels stay squares.</summary>
    public void DrawImage(string path, SKRect place)
    {
        using var image = SKImage.FromEncodedData(path);
        var scale = Math.Min(place.Width / image.Width, place.Height / image.Height);
        _surface.Canvas.DrawImage(image, SKRect.Create(place.Left, place.Top, scale * image.Width, scale * image.Height));
    }

    /// <summary>Saves the picture, whole or not at all: a file that is there stays until the new one is complete.</summary>
    public void SavePng(string path)
    {
        using var image = _surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, quality: 100);
        OutputFile.Replace(path, file => PngMark.Write(data.AsSpan(), file));
        if (_unwritten is not null)
        {
            CommandExecution.PrintWarning(
                $"'{path}' has boxes in the place of letters, as in '{_unwritten}': no font of this machine has them. Install one "
                + "that has.");
        }
    }

    public void Dispose()
    {
        _surface.Dispose();
        _typeface.Dispose();
        _others.ForEach(other => other.Dispose());
    }

    // Fonts of other scripts have Latin letters too: so a text has one font.
    private SKTypeface TypefaceFor(string text)
    {
        foreach (var letter in text.EnumerateRunes())
        {
            if (_typeface.ContainsGlyph(letter.Value))
                continue;
            if (_others.Find(other => other.ContainsGlyph(letter.Value)) is { } known)
                return known;
            if (SKFontManager.Default.MatchCharacter(letter.Value) is { } found)
            {
                _others.Add(found);
                return found;
            }

            _unwritten ??= text;
        }

        return _typeface;
    }

    private SKPaint CreateTextPaint(string text, SKColor color, float size, SKTextAlign align) =>
        new() { Typeface = TypefaceFor(text), TextSize = size, TextAlign = align, Color = color, IsAntialias = true };
}
