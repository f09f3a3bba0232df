using System.Runtime.InteropServices;
using NullaProp.ML.ImageFiles;
using NullaProp.ML.Tests.Support;
using SkiaSharp;

namespace NullaProp.ML.Tests.ImageFiles;

/// <summary>Pictures as people have them, made byte by byte with known colours in known corners.</summary>
[TestClass]
public sealed partial class ImageDecoderTests : IDisposable
{
    private const int Side = 16;

    private static readonly (byte R, byte G, byte B) Red = (250, 10, 10);
    private static readonly (byte R, byte G, byte B) Green = (10, 250, 10);
    private static readonly (byte R, byte G, byte B) Blue = (10, 10, 250);
    private static readonly (byte R, byte G, byte B) Dark = (40, 40, 40);
    private static readonly (byte R, byte G, byte B) White = (255, 255, 255);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    public void Read_CmykJpeg_HasItsInksAsColours()
    {
        (byte, byte, byte, byte) red = (255, 0, 0, 255), green = (0, 255, 0, 255), blue = (0, 0, 255, 255), grey = (255, 255, 255, 100);

        var bitmap = Read(FlatJpeg.Cmyk(new[,] { { red, green }, { blue, grey } }));

        AssertCorners(bitmap, [(255, 0, 0), (0, 255, 0), (0, 0, 255), (100, 100, 100)], 4);
    }

    [TestMethod]
    public void Read_GreyJpeg_IsGrey()
    {
        var bitmap = Read(FlatJpeg.Grey(new byte[,] { { 10, 90 }, { 170, 250 } }));

        AssertCorners(bitmap, [(10, 10, 10), (90, 90, 90), (170, 170, 170), (250, 250, 250)], 2);
    }

    [TestMethod]
    public void Read_PngOf16Bits_KeepsTheUpperEight()
    {
        var bitmap = Read(OddImages.Png(Side, 16, 2, (y, x) => [.. Corner(y, x).SelectMany(value => new[] { value, value })]));

        AssertCorners(bitmap, [Red, Green, Blue, Dark], 1);
    }

    [TestMethod]
    public void Read_GreyPngOf16Bits_IsGrey()
    {
        var bitmap = Read(OddImages.Png(Side, 16, 0, (y, _) => y < Side / 2 ? [10, 10] : [200, 200]));

        AssertCorners(bitmap, [(10, 10, 10), (10, 10, 10), (200, 200, 200), (200, 200, 200)], 1);
    }

    [TestMethod]
    public void Read_PalettePngWithTransparency_LiesOnWhite()
    {
        byte[] palette = [250, 10, 10, 10, 250, 10, 10, 10, 250, 40, 40, 40];

        var bitmap = Read(OddImages.Png(
            Side,
            8,
            3,
            (y, x) => [(byte)((y < Side / 2 ? 0 : 2) + (x < Side / 2 ? 0 : 1))],
            ("PLTE", palette),
            ("tRNS", [255, 0, 255, 255])));

        AssertCorners(bitmap, [Red, White, Blue, Dark], 1);
    }

    [TestMethod]
    [DataRow((byte)0, (byte)255)]
    [DataRow((byte)255, (byte)40)]
    [DataRow((byte)128, (byte)148)] // 40·128/255 + 255·127/255 = 147.1
    public void Read_TransparentPng_LiesOnWhiteByItsOpacity(byte opacity, byte expected)
    {
        var grey = Read(OddImages.Png(Side, 8, 4, (_, _) => [40, opacity]));
        var colored = Read(OddImages.Png(Side, 8, 6, (_, _) => [40, 40, 40, opacity]));

        AssertCorners(grey, [.. Enumerable.Repeat((expected, expected, expected), 4)], 1);
        AssertCorners(colored, [.. Enumerable.Repeat((expected, expected, expected), 4)], 1);
        Assert.AreEqual(byte.MaxValue, grey.Bgra[3]);
    }

    [TestMethod]
    public void Read_MovingGifAndWebP_IsTheFirstFrame()
    {
        var gif = Read(OddImages.Gif(Side, [250, 10, 10, 10, 250, 10, 10, 10, 250, 40, 40, 40], 0, 2));
        var webP = Read(OddImages.MovingWebP(
            Side,
            OddImages.WebP(Side, new SKColor(250, 10, 10)),
            OddImages.WebP(Side, new SKColor(10, 10, 250))));

        AssertCorners(gif, [Red, Red, Red, Red], 0);
        AssertCorners(webP, [Red, Red, Red, Red], 0);
    }

    [TestMethod]
    public void Read_WebPAndBmp_HaveTheirColours()
    {
        AssertCorners(Read(OddImages.WebP(Side, new SKColor(10, 250, 10))), [Green, Green, Green, Green], 0);
        AssertCorners(
            Read(OddImages.Bmp(Side, (y, x) => Corner(y, x) is var c ? new SKColor(c[0], c[1], c[2]) : default)),
            [Red, Green, Blue, Dark],
            0);
    }

    // A program that knows no opacity leaves its byte at 0 everywhere; what is visible somewhere has it.
    [TestMethod]
    [DataRow(0, 0, new byte[] { 250, 10, 10 })]
    [DataRow(0, 255, new byte[] { 255, 255, 255 })]
    [DataRow(255, 255, new byte[] { 250, 10, 10 })]
    public void Read_BmpWithOpacity_IsOpaqueWhereNoPixelIsVisible(int first, int others, byte[] expected)
    {
        var bitmap = Read(OddImages.TransparentBmp(Side, (y, x) => new SKColor(250, 10, 10, (byte)(y == 0 && x == 0 ? first : others))));

        CollectionAssert.AreEqual(expected, new[] { bitmap.Bgra[2], bitmap.Bgra[1], bitmap.Bgra[0] });
        Assert.AreEqual(255, bitmap.Bgra[3]);
    }

    // Display P3 to sRGB, in linear light: the matrix of the two sets of primaries with the same white.
    [TestMethod]
    public void Read_PngOfAnotherColourSpace_IsBroughtToSrgb()
    {
        using var space = SKColorSpace.CreateRgb(SKColorSpaceTransferFn.Srgb, SKColorSpaceXyz.DisplayP3);
        using var source = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque, space));
        for (var i = 0; i < Side * Side; i++)
        {
            Marshal.Copy(new byte[] { 180, 100, 90, 255 }, 0, source.GetPixels() + (4 * i), 4);
        }

        using var data = source.Encode(SKEncodedImageFormat.Png, 100);
        double[] linear = [Linear(180), Linear(100), Linear(90)];
        double[][] matrix = [[1.2249, -0.2247, 0], [-0.0420, 1.0419, 0], [-0.0197, -0.0786, 1.0979]];
        var expected = matrix.Select(row => (byte)Math.Round(Coded(row.Zip(linear, (a, b) => a * b).Sum()))).ToArray();

        var bitmap = Read(data.ToArray());

        AssertCorners(bitmap, [.. Enumerable.Repeat((expected[0], expected[1], expected[2]), 4)], 2);

        static double Linear(double value) => Math.Pow(((value / 255) + 0.055) / 1.055, 2.4);
        static double Coded(double value) => 255 * ((1.055 * Math.Pow(value, 1 / 2.4)) - 0.055);
    }

    [TestMethod]
    public void Read_LargeJpegForASmallFrame_IsAsTheWholeOneMadeSmaller()
    {
        using var picture = new SKBitmap(new SKImageInfo(1000, 700, SKColorType.Bgra8888, SKAlphaType.Opaque));
        var pixels = new byte[4 * 1000 * 700];
        for (var i = 0; i < pixels.Length / 4; i++)
        {
            var (y, x) = (i / 1000, i % 1000);
            byte[] color = [(byte)(x / 4), (byte)(y / 3), (byte)(128 + (100 * Math.Sin(x / 40.0))), 255];
            color.CopyTo(pixels, 4 * i);
        }

        Marshal.Copy(pixels, 0, picture.GetPixels(), pixels.Length);
        using var data = picture.Encode(SKEncodedImageFormat.Jpeg, 95);
        var path = Written(data.ToArray());

        var reduced = ImageDecoder.Read(path, (_, _) => 0.06);
        var (small, whole) = (reduced.In(60, 42, ImageFit.Crop), Read(data.ToArray()).In(60, 42, ImageFit.Crop));

        Assert.AreEqual((125, 88), (reduced.Width, reduced.Height));
        Assert.IsLessThan(4, small.Bgra.Zip(whole.Bgra, (a, b) => Math.Abs(a - b)).Max());
    }

    [TestMethod]
    [DataRow("heic", "it is a HEIC file, which is not supported; save it as JPEG or PNG, or set the phone")]
    [DataRow("jxl", "it is a JPEG XL file, which is not supported; save it as JPEG or PNG.")]
    [DataRow("bare jxl", "it is a JPEG XL file, which is not supported; save it as JPEG or PNG.")]
    [DataRow("jp2", "it is a JPEG 2000 file, which is not supported; save it as JPEG or PNG.")]
    [DataRow("avif", "it is an AVIF file, which is not supported; save it as JPEG or PNG.")]
    [DataRow("tiff", "it is a TIFF file, which is not supported; save it as JPEG or PNG.")]
    [DataRow("film", "it is a film or another container, and no image.")]
    [DataRow("text", "it is no JPEG, PNG, WebP, BMP or GIF file.")]
    [DataRow("empty", "it is empty.")]
    [DataRow("cut", "it ends before its last pixel.")]
    [DataRow("stump", "it is damaged.")]
    [DataRow("bomb", "it is 60000×60000 pixels, but at most 268435456 are read; make it smaller.")]
    public void Fault_FileThatIsNoImage_SaysWhatItIs(string kind, string reason)
    {
        var jpeg = FlatJpeg.Rgb(new[,] { { Red, Red, Green, Green }, { Blue, Red, Dark, Red }, { Blue, Dark, Red, Dark } });
        var path = Written(kind switch
        {
            "heic" => [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0, .. "mif1heic"u8],
            "jxl" => [0, 0, 0, 12, .. "JXL \r\n"u8, 0x87, (byte)'\n', 0, 0, 0, 20, .. "ftypjxl "u8],
            "bare jxl" => [0xFF, 0x0A, 0xFA, 0x1F, 0x41, 0x91, 0x08, 0x06, 0x01, 0, 0x88, 0],
            "jp2" => [0, 0, 0, 12, .. "jP  \r\n"u8, 0x87, (byte)'\n', 0, 0, 0, 20, .. "ftypjp2 "u8],
            "avif" => [0, 0, 0, 24, .. "ftypavif"u8, 0, 0, 0, 0, .. "mif1avif"u8],
            "tiff" => [.. "II"u8, 42, 0, 8, 0, 0, 0],
            "film" => [0, 0, 0, 24, .. "ftypqt  "u8],
            "text" => "no image"u8.ToArray(),
            "empty" => [],
            "cut" => jpeg[..^12],
            "stump" => jpeg[..30],
            _ => Bomb(),
        });

        var fault = ImageFile.Fault(path)!;

        Assert.StartsWith($"The file '{path}' cannot be read as an image: {reason}", fault);
        Assert.DoesNotContain("\n", fault);
        Assert.EndsWith(".", fault);
    }

    [TestMethod]
    public void Fault_MissingFileAndFolder_SaysSo()
    {
        var path = _folder.File("none.png");

        Assert.AreEqual($"There is no image file '{path}'.", ImageFile.Fault(path));
        Assert.AreEqual(
            $"There is no image file 'none.png'; it was looked for at '{Path.GetFullPath("none.png")}'.", ImageFile.Fault("none.png"));
        Assert.AreEqual(
            "There is no image file 'https://none.example/1.png': an address on the web is not read; save the image as a file first.",
            ImageFile.Fault("https://none.example/1.png"));
        Assert.AreEqual(
            "There is no image file '/\ufffd.png': its name holds bytes that are no UTF-8, by which .NET finds no file. Rename it.",
            ImageFile.Fault("/\ufffd.png"));
        Assert.AreEqual("The path of an image is empty: set ImagePath.", ImageFile.Fault(string.Empty));
        Assert.AreEqual($"The file '{_folder.Path}' cannot be read as an image: it is a folder.", ImageFile.Fault(_folder.Path));
    }

    [TestMethod]
    [DataRow("фото.png")]
    [DataRow("写真 1.png")]
    [DataRow("صورة.png")]
    [DataRow("🐈 l'été #1%20.png")]
    public void Read_NameInAnyScript_IsRead(string name)
    {
        File.WriteAllBytes(_folder.File(name), OddImages.Png(Side, 8, 0, (_, _) => [77]));

        Assert.AreEqual(77, ImageDecoder.Read(_folder.File(name), (_, _) => 1).Bgra[0]);
    }

    // 3.6 gigapixels of nothing in some kilobytes.
    private static byte[] Bomb()
    {
        var start = OddImages.PngStart(60_000, 8, 0);
        return [.. start, .. OddImages.Png(Side, 8, 0, (_, _) => [0])[start.Length..]];
    }

    private static byte[] Corner(int y, int x) => (y < Side / 2, x < Side / 2) switch
    {
        (true, true) => [Red.R, Red.G, Red.B],
        (true, false) => [Green.R, Green.G, Green.B],
        (false, true) => [Blue.R, Blue.G, Blue.B],
        _ => [Dark.R, Dark.G, Dark.B],
    };

    // Upper left, upper right, lower left, lower right.
    private static void AssertCorners(Bitmap bitmap, (byte R, byte G, byte B)[] expected, int delta)
    {
        int[] places = [0, bitmap.Width - 1, (bitmap.Height - 1) * bitmap.Width, (bitmap.Height * bitmap.Width) - 1];
        foreach (var (place, (r, g, b)) in places.Zip(expected))
        {
            var pixel = bitmap.Bgra.AsSpan(4 * place, 4);
            var message = $"pixel {place} is {pixel[2]}, {pixel[1]}, {pixel[0]}, not {r}, {g}, {b}";
            Assert.AreEqual(r, pixel[2], delta, message);
            Assert.AreEqual(g, pixel[1], delta, message);
            Assert.AreEqual(b, pixel[0], delta, message);
        }
    }

    private Bitmap Read(byte[] file) => ImageDecoder.Read(Written(file), (_, _) => 1);

    private string Written(byte[] file)
    {
        var path = _folder.File("picture"); // what it is, its bytes say
        File.WriteAllBytes(path, file);
        return path;
    }
}
