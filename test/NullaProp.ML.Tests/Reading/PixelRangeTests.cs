using NullaProp.ML.Reading;

namespace NullaProp.ML.Tests.Reading;

/// <summary>Pixels of 0 to 1 for a network that was trained on pixels of 0 to 255: they would all be black to it.</summary>
[TestClass]
public sealed class PixelRangeTests
{
    private static readonly ImageShape Shape = new(3, 8, 8);
    private static readonly double[] Bright = [120, 90, 100];

    [TestMethod]
    [DataRow(1f / 255, 0f, "are from 0 to 0.996, but the network was trained on pixels of 0 to 255. Leave scaleImage and offsetImage")]
    [DataRow(1f / 128, -127f, "are from -0.992 to 0.992")]
    public void Check_PixelsDividedBy255_SaysSo(float scale, float offset, string words)
    {
        float[] pixels = [.. Image(i => i % 255), .. Image(i => scale * ((i * 7 % 255) + offset))];

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => new PixelRange(Shape, Bright).Check(pixels));

        Assert.Contains(words, fault.Message);
    }

    [TestMethod]
    public void Check_PixelsAsInTraining_AreLetThrough()
    {
        var range = new PixelRange(Shape, Bright);

        range.Check(Image(i => i % 256));
        range.Check(Image(_ => 0)); // black
        range.Check(Image(i => i % 2)); // nearly black
        range.Check(Image(i => i % 3 / 1.5f)); // dark, and resized after it was read
        range.Check(Image(_ => float.NaN)); // refused by who reads it
    }

    [TestMethod]
    public void Check_NetworkOfSmallPixelsOrOfATable_TakesWhatItGets()
    {
        new PixelRange(Shape, [0.4, 0.4, 0.4]).Check(Image(i => i / 192f));
        new PixelRange(Shape, [120, 0.4, 0.4]).Check(Image(i => i / 192f));
        PixelRange.Of(new ImageShape(192, 1, 1), Image(_ => 50)).Check(Image(i => i / 192f));
    }

    private static float[] Image(Func<int, float> pixel) => [.. Enumerable.Range(0, Shape.Size).Select(pixel)];
}
