using System.Buffers.Binary;

namespace NullaProp.ML.Tests.ImageFiles;

/// <summary>
/// Writes baseline JPEG files (ITU-T T.81) of blocks of 8×8 pixels with one colour each: only their first coefficients are not 0. Skia
/// writes neither CMYK nor EXIF.
/// </summary>
internal static class FlatJpeg
{
    /// <summary>The side of a block, in pixels.</summary>
    public const int Block = 8;

    private const int Step = 8; // of the coefficients: a block of value v has the first coefficient v − 128

    /// <summary>Returns a file of grey blocks.</summary>
    public static byte[] Grey(byte[,] blocks) => File(blocks.GetLength(0), blocks.GetLength(1), (y, x) => [blocks[y, x]], []);

    /// <summary>Returns a file of coloured blocks, and how the camera was held, 1 to 8; 0 for no EXIF at all.</summary>
    public static byte[] Rgb((byte R, byte G, byte B)[,] blocks, int orientation = 0) => File(
        blocks.GetLength(0),
        blocks.GetLength(1),
        (y, x) => YCbCr(blocks[y, x]),
        orientation == 0 ? [] : Segment(0xE1, Exif((byte)orientation)));

    /// <summary>Returns a file of four inks a block, as Adobe's programs write it: 255 is no ink.</summary>
    public static byte[] Cmyk((byte C, byte M, byte Y, byte K)[,] blocks) => File(
        blocks.GetLength(0),
        blocks.GetLength(1),
        (y, x) => [blocks[y, x].C, blocks[y, x].M, blocks[y, x].Y, blocks[y, x].K],
        Segment(0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]));

    private static byte[] File(int rows, int columns, Func<int, int, byte[]> colors, byte[] extra)
    {
        var components = colors(0, 0).Length;
        List<byte> file = [0xFF, 0xD8, .. extra];
        file.AddRange(Segment(0xDB, [0, .. Enumerable.Repeat((byte)Step, 64)]));
        file.AddRange(Segment(0xC0,
        [
            8, .. Word(rows * Block), .. Word(columns * Block), (byte)components,
            .. Enumerable.Range(1, components).SelectMany(id => new byte[] { (byte)id, 0x11, 0 }),
        ]));

        // First coefficients: twelve lengths in four bits each. Others: the end of the block in one.
        file.AddRange(Segment(0xC4, [0x00, 0, 0, 0, 12, .. new byte[12], .. Enumerable.Range(0, 12).Select(length => (byte)length)]));
        file.AddRange(Segment(0xC4, [0x10, 1, .. new byte[15], 0]));
        file.AddRange(Segment(0xDA,
        [
            (byte)components, .. Enumerable.Range(1, components).SelectMany(id => new byte[] { (byte)id, 0 }), 0, 63, 0,
        ]));
        var bits = new List<bool>();
        var last = new int[components];
        for (var block = 0; block < rows * columns; block++)
        {
            var values = colors(block / columns, block % columns);
            for (var component = 0; component < components; component++)
            {
                var value = values[component] - 128;
                AddBlock(bits, value - last[component]);
                last[component] = value;
            }
        }

        file.AddRange(Packed(bits));
        return [.. file, 0xFF, 0xD9];
    }

    private static void AddBlock(List<bool> bits, int difference)
    {
        var length = 0;
        while (Math.Abs(difference) >> length > 0)
        {
            length++;
        }

        Add(length, 4);
        Add(difference < 0 ? difference + (1 << length) - 1 : difference, length);
        Add(0, 1); // the end of the block

        void Add(int value, int count)
        {
            for (var bit = count - 1; bit >= 0; bit--)
            {
                bits.Add((value >> bit & 1) == 1);
            }
        }
    }

    private static IEnumerable<byte> Packed(List<bool> bits)
    {
        for (var start = 0; start < bits.Count; start += 8)
        {
            var value = 0;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value << 1) | (start + bit >= bits.Count || bits[start + bit] ? 1 : 0);
            }

            yield return (byte)value;
            if (value == 0xFF)
            {
                yield return 0; // else it would be a marker
            }
        }
    }

    // ITU-T T.871, section 7.
    private static byte[] YCbCr((byte R, byte G, byte B) color)
    {
        var (r, g, b) = ((double)color.R, (double)color.G, (double)color.B);
        return
        [
            Round((0.299 * r) + (0.587 * g) + (0.114 * b)),
            Round(128 - (0.168736 * r) - (0.331264 * g) + (0.5 * b)),
            Round(128 + (0.5 * r) - (0.418688 * g) - (0.081312 * b)),
        ];

        static byte Round(double value) => (byte)Math.Clamp(Math.Round(value), 0, 255);
    }

    // A TIFF header, one entry (0x0112, a short, once) and no further directory.
    private static byte[] Exif(byte orientation) =>
        [.. "Exif"u8, 0, 0, .. "II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];

    private static byte[] Segment(byte marker, byte[] content) => [0xFF, marker, .. Word(content.Length + 2), .. content];

    private static byte[] Word(int value)
    {
        var bytes = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        return bytes;
    }
}
