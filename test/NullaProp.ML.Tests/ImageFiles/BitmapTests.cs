using NullaProp.ML.ImageFiles;

namespace NullaProp.ML.Tests.ImageFiles;

[TestClass]
public sealed class BitmapTests
{
    [TestMethod]
    [DataRow(ImageFit.Crop)]
    [DataRow(ImageFit.Pad)]
    [DataRow(ImageFit.Stretch)]
    public void In_FrameOfTheSameSize_StaysByteForByte(ImageFit fit)
    {
        var random = new Random(1);
        var bitmap = Of(13, 9, (_, _) => (byte)random.Next(256));

        CollectionAssert.AreEqual(bitmap.Bgra, bitmap.In(13, 9, fit).Bgra);
    }

    [TestMethod]
    public void In_CheckerboardMadeSmaller_IsGreyAndNotOneOfItsColours()
    {
        var small = Of(96, 96, (y, x) => (byte)((x + y) % 2 * 255)).In(12, 12, ImageFit.Crop);

        Assert.IsTrue(Values(small).All(value => value is > 122 and < 133), string.Join(" ", Values(small)));
    }

    [TestMethod]
    public void In_Ramp_StaysOneWhateverTheSize()
    {
        var ramp = Of(40, 40, (_, x) => (byte)(5 * x));

        foreach (var width in new[] { 10, 16, 37, 80 })
        {
            var frame = ramp.In(width, width, ImageFit.Stretch);
            for (var x = 2; x < width - 2; x++) // edges lean on what there is
            {
                var value = Values(frame).ElementAt((width * (width / 2)) + x);
                Assert.AreEqual(5 * (((x + 0.5) * 40 / width) - 0.5), value, 1, $"{width}: {x}"); // a fifth of a pixel
            }
        }
    }

    [TestMethod]
    public void In_WideImage_IsCroppedPaddedOrStretchedAsStated()
    {
        var wide = Of(30, 10, (_, x) => (byte)(40 + (x / 10 * 80))); // 40, 120, 200

        var (cropped, padded, stretched) =
            (wide.In(10, 10, ImageFit.Crop), wide.In(30, 30, ImageFit.Pad), wide.In(10, 10, ImageFit.Stretch));

        Assert.IsTrue(Values(cropped).All(value => value == 120), "the middle third");
        CollectionAssert.AreEqual(Enumerable.Repeat((byte)255, 300).ToArray(), Values(padded).Take(300).ToArray());
        CollectionAssert.AreEqual(Values(wide).ToArray(), Values(padded).Skip(300).Take(300).ToArray());
        CollectionAssert.AreEqual(Enumerable.Repeat((byte)255, 300).ToArray(), Values(padded).Skip(600).ToArray());
        Assert.AreEqual((40, 120, 200), (Values(stretched).First(), Values(stretched).ElementAt(5), Values(stretched).ElementAt(9)));
    }

    [TestMethod]
    public void In_TallImageInAWideFrame_IsCroppedOrPaddedOnTheOtherSides()
    {
        var tall = Of(10, 30, (y, _) => (byte)(40 + (y / 10 * 80)));

        var (cropped, padded) = (tall.In(20, 10, ImageFit.Crop), tall.In(30, 30, ImageFit.Pad));

        Assert.IsTrue(Values(cropped).All(value => value == 120));
        Assert.AreEqual((255, 40, 255), (Values(padded).ElementAt(9), Values(padded).ElementAt(10), Values(padded).ElementAt(20)));
    }

    [TestMethod]
    [DataRow(1, 1)]
    [DataRow(1, 50)]
    [DataRow(1000, 1)]
    public void In_ImageOfOnePixelOrLine_FillsTheFrame(int width, int height)
    {
        foreach (var fit in Enum.GetValues<ImageFit>())
        {
            var frame = Of(width, height, (_, _) => 70).In(9, 7, fit);

            Assert.AreEqual((byte)70, Values(frame).ElementAt((9 * 3) + 4), $"{fit}");
            Assert.HasCount(9 * 7 * 4, frame.Bgra);
        }
    }

    // A file of some kilobytes may be so tall: it takes the memory of its pixels, and not of each of its rows at the frame's width.
    [TestMethod]
    public void In_ImageOfVeryManyRows_TakesLittleMemory()
    {
        var tall = Of(2, 400_000, (y, _) => (byte)(y < 200_000 ? 20 : 220));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var frame = tall.In(64, 64, ImageFit.Stretch);

        Assert.IsLessThan(60L << 20, GC.GetAllocatedBytesForCurrentThread() - before); // all rows would take 410 MB
        Assert.AreEqual((20, 220), (Values(frame).First(), Values(frame).Last()));
    }

    private static Bitmap Of(int width, int height, Func<int, int, byte> grey)
    {
        var bytes = new byte[width * height * 4];
        for (var i = 0; i < width * height; i++)
        {
            var value = grey(i / width, i % width);
            (bytes[4 * i], bytes[(4 * i) + 1], bytes[(4 * i) + 2], bytes[(4 * i) + 3]) = (value, value, value, 255);
        }

        return new Bitmap(width, height, bytes);
    }

    private static IEnumerable<byte> Values(Bitmap bitmap) => bitmap.Bgra.Chunk(4).Select(pixel => pixel[0]);
}
