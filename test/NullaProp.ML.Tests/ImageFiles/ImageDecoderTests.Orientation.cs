using NullaProp.ML.ImageFiles;
using SkiaSharp;

namespace NullaProp.ML.Tests.ImageFiles;

/// <summary>How the camera was held.</summary>
public sealed partial class ImageDecoderTests
{
    // 0: nothing is said, or what the table does not have.
    private static IEnumerable<object[]> Orientations { get; } =
    [
        [0, "ABCD"], [1, "ABCD"], [2, "BADC"], [3, "DCBA"], [4, "CDAB"], [5, "ACBD"], [6, "CADB"], [7, "DBCA"], [8, "BDAC"],
    ];

    // What is seen in the four corners of what lies in the file as A B over C D, by the table of EXIF (section 4.6.4).
    [TestMethod]
    [DynamicData(nameof(Orientations))]
    public void Read_JpegOfACameraHeldAnyWay_IsUpright(int orientation, string seen)
    {
        var bitmap = Read(FlatJpeg.Rgb(new[,] { { Red, Red, Green }, { Blue, Dark, Dark } }, orientation));

        Assert.AreEqual(orientation > 4 ? (16, 24) : (24, 16), (bitmap.Width, bitmap.Height));
        AssertCorners(bitmap, Corners(seen), 4);
    }

    // What it will be made smaller to is told of the picture as it is seen.
    [TestMethod]
    public void Read_LargeJpegOfACameraHeldUpright_IsReadAtTheSizeThatItsWidthNeeds()
    {
        var path = Written(FlatJpeg.Rgb(new (byte, byte, byte)[40, 60], orientation: 6)); // of 480 columns in the file, seen as 320

        var bitmap = ImageDecoder.Read(path, (width, _) => width == 320 ? 0.5 : 0.01);

        Assert.AreEqual((320, 480), (bitmap.Width, bitmap.Height));
    }

    // By the same table: a chunk of its own says it, in either order of bytes.
    [TestMethod]
    [DynamicData(nameof(Orientations))]
    public void Read_PngOfACameraHeldAnyWay_IsUpright(int orientation, string seen)
    {
        foreach (var exif in Exif((byte)orientation))
        {
            var bitmap = Read(OddImages.Png(Side, 8, 2, Corner, ("eXIf", exif)));

            AssertCorners(bitmap, Corners(seen), 0);
        }
    }

    // Programs write the mark of a JPEG file before it or not.
    [TestMethod]
    [DynamicData(nameof(Orientations))]
    public void Read_WebPOfACameraHeldAnyWay_IsUpright(int orientation, string seen)
    {
        var still = WebP();
        foreach (var exif in Exif((byte)orientation).SelectMany(exif => new[] { exif, [.. "Exif\0\0"u8, .. exif] }))
        {
            var bitmap = Read(OddImages.WithExif(Side, still, exif));

            AssertCorners(bitmap, Corners(seen), 0);
        }

        static byte[] WebP()
        {
            using var picture = new SKBitmap(Side, Side);
            for (var (y, x) = (0, 0); y < Side; (y, x) = x == Side - 1 ? (y + 1, 0) : (y, x + 1))
            {
                picture.SetPixel(x, y, Corner(y, x) is var c ? new SKColor(c[0], c[1], c[2]) : default);
            }

            using var pixels = picture.PeekPixels();
            using var data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 100));
            return data.ToArray();
        }
    }

    [TestMethod]
    [DataRow(new byte[0])]
    [DataRow(new byte[] { 73, 73, 42, 0 })]
    [DataRow(new byte[] { 73, 73, 42, 0, 255, 255, 255, 255 })]
    [DataRow(new byte[] { 73, 73, 42, 0, 8, 0, 0, 0, 255, 255, 0x12, 0x01 })]
    [DataRow(new byte[] { 73, 73, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, 9, 0, 0, 0 })]
    public void Read_PngWithAnOddChunkOfExif_IsReadAsItLies(byte[] exif)
    {
        var bitmap = Read(OddImages.Png(Side, 8, 0, (y, _) => [(byte)(y < Side / 2 ? 10 : 200)], ("eXIf", exif)));

        AssertCorners(bitmap, [(10, 10, 10), (10, 10, 10), (200, 200, 200), (200, 200, 200)], 0);
    }

    // In either order of bytes, as a number of two bytes or of four, behind another entry.
    private static IEnumerable<byte[]> Exif(byte value)
    {
        yield return [.. "II"u8, 42, 0, 8, 0, 0, 0, 2, 0, .. Software(0x31, 0x01), 0x12, 0x01, 3, 0, 1, 0, 0, 0, value, 0, 0, 0];
        yield return [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 2, .. Software(0x01, 0x31), 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0];
        yield return [.. "II"u8, 42, 0, 8, 0, 0, 0, 2, 0, .. Software(0x31, 0x01), 0x12, 0x01, 4, 0, 1, 0, 0, 0, value, 0, 0, 0];
        yield return [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 2, .. Software(0x01, 0x31), 0x01, 0x12, 0, 4, 0, 0, 0, 1, 0, 0, 0, value];

        static byte[] Software(byte first, byte second) => [first, second, 0, 2, 0, 0, 0, 1, 65, 0, 0, 0];
    }

    private static (byte R, byte G, byte B)[] Corners(string seen) =>
        [.. seen.Select(corner => corner switch { 'A' => Red, 'B' => Green, 'C' => Blue, _ => Dark })];
}
