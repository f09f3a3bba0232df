using NullaProp.ML.Reading;

namespace NullaProp.ML.Tests.Reading;

/// <summary>Pixels of 0 to 1 for a network that was trained on pixels of 0 to 255: they would all be black to it.</summary>
[TestClass]
public sealed class PixelRangeTests
{
    private static readonly ImageShape Shape = new(3, 8, 8);
    private static readonly double[] Bright = [120, 90, 100];

    [TestMethod]
    [DataRow(1f / 255, 0f, "has pixels from 0 to 0.996, but the network was trained on pixels of 0 to 255. Leave scaleImage")]
    [DataRow(1f / 128, -127f, "has pixels from -0.992 to 0.992")]
    public void Fault_PixelsDividedBy255_SaysSo(float scale, float offset, string words)
    {
        var fault = Fault(Shape, Bright, i => scale * ((i * 7 % 255) + offset));

        Assert.IsNotNull(fault);
        Assert.Contains(words, fault);
    }

    [TestMethod]
    public void Fault_PixelsAsInTraining_AreLetThrough()
    {
        Assert.IsNull(Fault(Shape, Bright, i => i % 256));
        Assert.IsNull(Fault(Shape, Bright, _ => 0), "black");
        Assert.IsNull(Fault(Shape, Bright, i => i % 2), "nearly black");
        Assert.IsNull(Fault(Shape, Bright, i => i % 3 / 1.5f), "dark, and resized after it was read");
        Assert.IsNull(Fault(Shape, Bright, _ => float.NaN), "refused by who reads it");
    }

    [TestMethod]
    public void Fault_NetworkOfSmallPixelsOrOfATable_TakesWhatItGets()
    {
        Assert.IsNull(Fault(Shape, [0.4, 0.4, 0.4], i => i / 192f));
        Assert.IsNull(Fault(Shape, [120, 0.4, 0.4], i => i / 192f));
        Assert.IsNull(Fault(new ImageShape(192, 1, 1), [.. Enumerable.Repeat(50.0, 192)], i => i / 192f));
    }

    private static string? Fault(ImageShape shape, double[] mean, Func<int, float> pixel) =>
        new PixelRange(shape, () => mean).Fault([.. Enumerable.Range(0, shape.Size).Select(pixel)]);
}
