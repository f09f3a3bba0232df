using NullaProp.ML.ImageFiles;

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

    // By the same table: a chunk of its own says it, in either order of bytes.
    // What it will be made smaller to is told of the picture as it is seen.
    [TestMethod]
    public void Read_LargeJpegOfACameraHeldUpright_IsReadAtTheSizeThatItsWidthNeeds()
    {
        var path = Written(FlatJpeg.Rgb(new (byte, byte, byte)[40, 60], orientation: 6)); // of 480 columns in the file, seen as 320

        var bitmap = ImageDecoder.Read(path, (width, _) => width == 320 ? 0.5 : 0.01);

        Assert.AreEqual((320, 480), (bitmap.Width, bitmap.Height));
    }

    [TestMethod]
    [DynamicData(nameof(Orientations))]
    public void Read_PngOfACameraHeldAnyWay_IsUpright(int orientation, string seen)
    {
        var value = (byte)orientation;
        byte[] intel = [.. "II"u8, 42, 0, 8, 0, 0, 0, 2, 0, .. Software(0x31, 0x01), 0x12, 0x01, 3, 0, 1, 0, 0, 0, value, 0, 0, 0];
        byte[] motorola = [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 2, .. Software(0x01, 0x31), 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0];

        foreach (var exif in new[] { intel, motorola })
        {
            var bitmap = Read(OddImages.Png(Side, 8, 2, Corner, ("eXIf", exif)));

            AssertCorners(bitmap, Corners(seen), 0);
        }

        static byte[] Software(byte first, byte second) => [first, second, 0, 2, 0, 0, 0, 1, 65, 0, 0, 0];
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

    private static (byte R, byte G, byte B)[] Corners(string seen) =>
        [.. seen.Select(corner => corner switch { 'A' => Red, 'B' => Green, 'C' => Blue, _ => Dark })];
}
