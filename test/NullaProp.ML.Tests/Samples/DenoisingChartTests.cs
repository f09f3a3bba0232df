using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Tests.Support;
using SkiaSharp;

namespace NullaProp.ML.Tests.Samples;

[TestClass]
public sealed class DenoisingChartTests
{
    private static readonly string[] Names = ["cat", "dog"];

    [TestMethod]
    public void Save_WayToTheFirstClass_FillsTheLastColumnWithItsColour()
    {
        using var folder = new TempFolder();
        var (image, picture) = (Path.Combine(folder.Path, "image.png"), Path.Combine(folder.Path, "path.png"));
        WriteImage(image);

        DenoisingChart.Save([Point(0, cat: 0.5f), Point(0.5, cat: 0.8f), Point(1, cat: 1)], Names, image, picture);

        using var drawn = SKBitmap.Decode(picture);
        var (first, last) = (Column(drawn, 0), Column(drawn, 2));
        Assert.HasCount(1, last, "The end has one class.");
        Assert.HasCount(2, first, "The start has two.");
        Assert.Contains(last.Single(), first);
    }

    [TestMethod]
    [DataRow(2)]
    [DataRow(40)]
    public void Save_AnyNumberOfClasses_DrawsAPicture(int classes)
    {
        using var folder = new TempFolder();
        var (image, picture) = (Path.Combine(folder.Path, "image.png"), Path.Combine(folder.Path, "path.png"));
        WriteImage(image);
        float[][] row = [[.. Enumerable.Repeat(1f / classes, classes)]];

        DenoisingChart.Save(
            [new DenoisingPoint(0, row, row), new DenoisingPoint(1, row, row)],
            [.. Enumerable.Range(0, classes).Select(k => $"class {k}")],
            image,
            picture);

        using var drawn = SKBitmap.Decode(picture);
        Assert.IsGreaterThan(300, drawn.Width);
    }

    private static DenoisingPoint Point(double time, float cat) => new(time, [[cat, 1 - cat]], [[cat, 1 - cat]]);

    // The colours that stand one above the other in a column of the upper panel.
    private static HashSet<SKColor> Column(SKBitmap drawn, int index) =>
        [.. Enumerable.Range(104, 180).Select(y => drawn.GetPixel(70 + (index * 34) + 12, y))];

    private static void WriteImage(string path)
    {
        using var bitmap = new SKBitmap(8, 8);
        using var file = File.Create(path);
        bitmap.Encode(file, SKEncodedImageFormat.Png, quality: 100);
    }
}
