using System.Buffers.Binary;

namespace NullaProp.ML.ImageFiles;

/// <summary>
/// How a PNG file is to be turned: its eXIf chunk (PNG, third edition, section 11.3.4.5) says it as EXIF does in a JPEG file, and the
/// decoder does not look there.
/// </summary>
internal static class PngOrientation
{
    /// <summary>The image is upright as it is stored.</summary>
    public const int Upright = 1;

    private const int Signature = 8; // bytes before the first chunk
    private const int NameAt = 4; // in a chunk, after its length
    private const int DataAt = 8;
    private const int Frame = 12; // length, name and checksum of a chunk
    private const int EntrySize = 12; // of a TIFF directory
    private const ushort OrientationTag = 0x0112;

    /// <summary>Returns the EXIF orientation, 1 to 8; 1 where the file says none.</summary>
    /// <param name="png">The whole file.</param>
    public static int Of(ReadOnlySpan<byte> png)
    {
        for (var chunk = png[Math.Min(Signature, png.Length)..]; chunk.Length >= Frame;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (length > chunk.Length - Frame)
            {
                break; // the decoder says what is wrong
            }

            if (chunk.Slice(NameAt, sizeof(uint)).SequenceEqual("eXIf"u8))
            {
                return OfTiff(chunk.Slice(DataAt, (int)length));
            }

            chunk = chunk[(Frame + (int)length)..];
        }

        return Upright;
    }

    // The first directory of a TIFF file, which is what EXIF is.
    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        const int header = 8;
        if (tiff.Length < header || tiff[0] != tiff[1] || tiff[0] is not ((byte)'I' or (byte)'M'))
        {
            return Upright;
        }

        var isLittle = tiff[0] == 'I';
        var start = isLittle ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (start > tiff.Length - sizeof(ushort))
        {
            return Upright;
        }

        var entries = tiff[((int)start + sizeof(ushort))..];
        for (var left = Number(tiff[(int)start..]); left > 0 && entries.Length >= EntrySize; left--, entries = entries[EntrySize..])
        {
            if (Number(entries) == OrientationTag)
            {
                return Number(entries[8..]) is >= 1 and <= 8 and var orientation ? orientation : Upright;
            }
        }

        return Upright;

        ushort Number(ReadOnlySpan<byte> bytes) =>
            isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }
}
