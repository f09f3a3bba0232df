using NullaProp.ML.Reading;

namespace NullaProp.ML.Tests.Reading;

/// <summary>Pixels of 0 to 1 for a network that was trained on pixels of 0 to 255: they would all be black to it.</summary>
[TestClass]
public sealed class PixelRangeTests
{
    private const int Size = 3 * 8 * 8;

    [TestMethod]
    [DataRow(1f / 255, 0f, "has pixels from 0 to 0.996, but the network was trained on pixels of 0 to 255. Leave scaleImage")]
    [DataRow(1f / 128, -127f, "has pixels from -0.992 to 0.992")]
    public void Fault_PixelsDividedBy255_SaysSo(float scale, float offset, string words)
    {
        var fault = Fault(isOfBytes: true, i => scale * ((i * 7 % 255) + offset));

        Assert.IsNotNull(fault);
        Assert.Contains(words, fault);
    }

    // Other images may be of any numbers, and those of training within 0 and 255 by chance: maps of temperatures.
    [TestMethod]
    [DataRow(1f, -117f, "has pixels from -117 to 137")]
    [DataRow(1f / 64, -117f, "has pixels from -1.828 to 2.141")]
    [DataRow(257f, 0f, "has pixels from 0 to 65278")]
    [DataRow(1e36f, 0f, "has pixels from 0 to 2.54E+38")]
    public void Fault_PixelsOfPhotosBeyond0To255_SaysSo(float scale, float offset, string words)
    {
        float[] image = [.. Enumerable.Range(0, Size).Select(i => scale * ((i * 7 % 255) + offset))];

        Assert.Contains(words, new PixelRange(isOfBytes: true) { IsOfPhotos = true }.Fault(image)!);
        Assert.IsNull(new PixelRange(isOfBytes: true).Fault(image));
    }

    [TestMethod]
    public void Fault_PixelsAsInTraining_AreLetThrough()
    {
        Assert.IsNull(Fault(isOfBytes: true, i => i % 256));
        Assert.IsNull(Fault(isOfBytes: true, _ => 0), "black");
        Assert.IsNull(Fault(isOfBytes: true, i => i % 2), "nearly black");
        Assert.IsNull(Fault(isOfBytes: true, i => i % 3 / 1.5f), "dark, and resized after it was read");
        Assert.IsNull(Fault(isOfBytes: true, i => (i % 256) - 0.9f), "resized with overshoot, below");
        Assert.IsNull(Fault(isOfBytes: true, i => (i % 256) + 0.9f), "resized with overshoot, above");
        Assert.IsNull(Fault(isOfBytes: true, _ => float.NaN), "refused by who reads it");
    }

    [TestMethod]
    public void Fault_NetworkOfOtherValues_TakesWhatItGets() => Assert.IsNull(Fault(isOfBytes: false, i => (i / 192f) - 300));

    private static string? Fault(bool isOfBytes, Func<int, float> pixel) =>
        new PixelRange(isOfBytes) { IsOfPhotos = isOfBytes }.Fault([.. Enumerable.Range(0, Size).Select(pixel)]);
}
