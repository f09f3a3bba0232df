using System.Buffers.Binary;
using System.IO.Compression;
using SkiaSharp;

namespace NullaProp.ML.Tests.ImageFiles;

/// <summary>Image files that programs rarely write and people have all the same, made byte by byte.</summary>
internal static class OddImages
{
    /// <summary>Returns a PNG (W3C PNG, third edition) of raw lines.</summary>
    /// <param name="side">Its width and height.</param>
    /// <param name="bits">Of a sample.</param>
    /// <param name="colorType">0: grey, 2: red, green and blue, 3: palette, 4: grey and alpha, 6: all four.</param>
    /// <param name="pixel">Returns the bytes of a pixel.</param>
    /// <param name="extra">Chunks before the data, such as PLTE.</param>
    public static byte[] Png(
        int side, byte bits, byte colorType, Func<int, int, byte[]> pixel, params (string Name, byte[] Content)[] extra)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest))
        {
            for (var y = 0; y < side; y++)
            {
                zlib.WriteByte(0); // no filter
                for (var x = 0; x < side; x++)
                {
                    zlib.Write(pixel(y, x));
                }
            }
        }

        return
        [
            .. PngStart(side, bits, colorType),
            .. extra.SelectMany(chunk => Chunk(chunk.Name, chunk.Content)),
            .. Chunk("IDAT", packed.ToArray()),
            .. Chunk("IEND", []),
        ];
    }

    /// <summary>Returns how a PNG starts, up to its size.</summary>
    public static byte[] PngStart(int side, byte bits, byte colorType) =>
        [0x89, .. "PNG\r\n"u8, 0x1A, 0x0A, .. Chunk("IHDR", [.. Big(side), .. Big(side), bits, colorType, 0, 0, 0])];

    /// <summary>Returns a GIF (version 89a) of frames of one colour each, that of the palette with the number.</summary>
    public static byte[] Gif(int side, byte[] palette, params byte[] frames) =>
    [
        .. "GIF89a"u8, .. Little(side), .. Little(side), 0x81, 0, 0, .. palette, // four colours
        .. frames.SelectMany(frame => (byte[])
        [
            0x21, 0xF9, 4, 0, 10, 0, 0, 0, // a tenth of a second
            0x2C, 0, 0, 0, 0, .. Little(side), .. Little(side), 0, 2, .. Lzw(Enumerable.Repeat(frame, side * side)), 0,
        ]),
        0x3B,
    ];

    /// <summary>Returns a still WebP of one colour, without loss.</summary>
    public static byte[] WebP(int side, SKColor color)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(side, side, SKColorType.Bgra8888, SKAlphaType.Unpremul));
        bitmap.Erase(color);
        using var pixels = bitmap.PeekPixels();
        using var data = pixels.Encode(new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, 100));
        return data.ToArray();
    }

    /// <summary>Returns a WebP that moves, of still ones.</summary>
    public static byte[] MovingWebP(int side, params byte[][] stills)
    {
        byte[] size = [.. Little3(side - 1), .. Little3(side - 1)];
        byte[] content =
        [
            .. "WEBP"u8,
            .. Riff("VP8X", [0x02, 0, 0, 0, .. size]),
            .. Riff("ANIM", [0, 0, 0, 0, 0, 0]),
            .. stills.SelectMany(still => Riff("ANMF", [.. new byte[6], .. size, 100, 0, 0, 0, .. still[12..]])),
        ];
        return Riff("RIFF", content);
    }

    /// <summary>Returns a WebP with a chunk of EXIF.</summary>
    public static byte[] WithExif(int side, byte[] still, byte[] exif)
    {
        const byte hasExif = 8;
        byte[] size = [(byte)(side - 1), 0, 0];
        return Riff("RIFF", [.. "WEBP"u8, .. Riff("VP8X", [hasExif, 0, 0, 0, .. size, .. size]), .. still[12..], .. Riff("EXIF", exif)]);
    }

    /// <summary>Returns a BMP of 32 bits, of which the last eight are said to be the opacity.</summary>
    public static byte[] TransparentBmp(int side, Func<int, int, SKColor> pixel)
    {
        const int header = 108;
        byte[] pixels =
        [
            .. from y in Enumerable.Range(0, side)
               from x in Enumerable.Range(0, side)
               let color = pixel(side - 1 - y, x)
               from value in (byte[])[color.Blue, color.Green, color.Red, color.Alpha]
               select value,
        ];
        byte[] masks = [0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255];
        return
        [
            .. "BM"u8, .. Little4(14 + header + pixels.Length), 0, 0, 0, 0, .. Little4(14 + header),
            .. Little4(header), .. Little4(side), .. Little4(side), 1, 0, 32, 0, .. Little4(3), .. new byte[20],
            .. masks, .. new byte[header - 56], .. pixels,
        ];
    }

    /// <summary>Returns a BMP of 24 bits.</summary>
    public static byte[] Bmp(int side, Func<int, int, SKColor> pixel)
    {
        byte[] lines =
        [
            .. from y in Enumerable.Range(0, side)
               from x in Enumerable.Range(0, side)
               let color = pixel(side - 1 - y, x) // from the bottom
               from value in (byte[])[color.Blue, color.Green, color.Red]
               select value,
        ];
        return
        [
            .. "BM"u8, .. Little4(54 + lines.Length), 0, 0, 0, 0, .. Little4(54),
            .. Little4(40), .. Little4(side), .. Little4(side), 1, 0, 24, 0, .. new byte[24], .. lines,
        ];
    }

    // A clear code before every second pixel keeps all codes at three bits.
    private static IEnumerable<byte> Lzw(IEnumerable<byte> pixels)
    {
        const int clear = 4;
        int[] codes = [.. pixels.Chunk(2).SelectMany(pair => pair.Select(pixel => (int)pixel).Prepend(clear)), clear + 1];
        bool[] bits = [.. codes.SelectMany(code => Enumerable.Range(0, 3).Select(bit => (code >> bit & 1) == 1))];
        var bytes = bits.Chunk(8).Select(eight => (byte)eight.Select((bit, place) => bit ? 1 << place : 0).Sum());
        return bytes.Chunk(255).SelectMany(block => block.Prepend((byte)block.Length));
    }

    private static byte[] Chunk(string name, byte[] content)
    {
        byte[] named = [.. name.Select(letter => (byte)letter), .. content];
        return [.. Big(content.Length), .. named, .. Big((int)Crc(named))];
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) == 1 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }

    private static byte[] Riff(string name, byte[] content) =>
        [.. name.Select(letter => (byte)letter), .. Little4(content.Length), .. content, .. new byte[content.Length % 2]];

    private static byte[] Big(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Little(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Little3(int value) => [.. Little(value), (byte)(value >> 16)];

    private static byte[] Little4(int value) => [.. Little3(value), (byte)(value >> 24)];
}
