using NullaProp.ML.Reading;

namespace NullaProp.ML.Tests.Reading;

[TestClass]
public sealed class PixelLoopsTests
{
    [TestMethod]
    [DataRow(new[] { 0f, 1f, 128f, 255f, -0f }, true)]
    [DataRow(new[] { 0f, 255.5f }, false)]
    [DataRow(new[] { 0f, 256f }, false)]
    [DataRow(new[] { 0f, -1f }, false)]
    [DataRow(new[] { 0f, 0.1f }, false)]
    [DataRow(new[] { 0f, float.NaN }, false)]
    [DataRow(new[] { 0f, float.PositiveInfinity }, false)]
    [DataRow(new[] { 0f, 4294967296f }, false)] // 2³², whose lowest byte is 0
    public void TryToBytes_AnyValues_TakesWholeNumbersOfAByteAlone(float[] pixels, bool expected)
    {
        var bytes = new byte[pixels.Length];

        Assert.AreEqual(expected, PixelLoops.TryToBytes(pixels, bytes));

        if (expected)
        {
            CollectionAssert.AreEqual(pixels.Select(pixel => (byte)pixel).ToArray(), bytes);
        }
    }

    [TestMethod]
    [DataRow(new[] { 1f, -2f, float.MaxValue }, -1)]
    [DataRow(new[] { 1f, float.NaN, float.NaN }, 1)]
    [DataRow(new[] { 1f, 2f, float.NegativeInfinity }, 2)]
    [DataRow(new float[0], -1)]
    public void IndexOfNonFinite_AnyValues_IsTheFirst(float[] pixels, int expected)
    {
        Assert.AreEqual(expected, PixelLoops.IndexOfNonFinite(pixels));
    }

    [TestMethod]
    [DataRow(0)]
    [DataRow(7)] // no whole vector
    [DataRow(784)]
    [DataRow(1003)]
    public void Moments_AnyLength_AreTheSums(int length)
    {
        var random = new Random(1);
        var pixels = Enumerable.Range(0, length).Select(_ => (float)random.Next(256)).ToArray();

        var (sum, squares) = PixelLoops.Moments(pixels, shift: 0);

        // Whole numbers below 2⁵³: exact in any order.
        Assert.AreEqual(pixels.Sum(pixel => (double)pixel), sum);
        Assert.AreEqual(pixels.Sum(pixel => (double)pixel * pixel), squares);
    }

    [TestMethod]
    [DataRow(5)]
    [DataRow(100)]
    public void Moments_Shifted_AreThoseOfTheDifferences(int length)
    {
        var pixels = Enumerable.Range(0, length).Select(i => 1000f + (i % 3)).ToArray();

        var (sum, squares) = PixelLoops.Moments(pixels, shift: 1000);

        Assert.AreEqual(pixels.Sum(pixel => (double)pixel - 1000), sum);
        Assert.AreEqual(pixels.Sum(pixel => ((double)pixel - 1000) * (pixel - 1000)), squares);
    }
}
