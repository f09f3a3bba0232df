using System.Buffers.Binary;

namespace NullaProp.ML.ImageFiles;

/// <summary>
/// How a PNG or WebP file is to be turned. The decoder looks at JPEG files alone, and at WebP files without the mark that EXIF has in a
/// JPEG file, which many programs write in these, too.
/// </summary>
internal static class ExifOrientation
{
    /// <summary>The image is upright as it is stored.</summary>
    public const int Upright = 1;

    private const int NameSize = 4; // bytes, as many as the length of a chunk has
    private const int DataAt = 8; // in a chunk, after name and length
    private const int EntrySize = 12; // of a TIFF directory
    private const ushort OrientationTag = 0x0112;

    /// <summary>Returns the orientation that the eXIf chunk of a PNG file says (third edition, section 11.3.4.5).</summary>
    /// <param name="png">The whole file.</param>
    /// <returns>1 to 8; 1 where the file says none.</returns>
    public static int OfPng(ReadOnlySpan<byte> png)
    {
        const int signature = 8;
        const int checksum = 4; // after the data
        for (var chunk = png[Math.Min(signature, png.Length)..]; chunk.Length >= DataAt + checksum;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(chunk);
            if (length > chunk.Length - DataAt - checksum)
            {
                break; // the decoder says what is wrong
            }

            if (chunk.Slice(NameSize, NameSize).SequenceEqual("eXIf"u8))
            {
                return OfExif(chunk.Slice(DataAt, (int)length));
            }

            chunk = chunk[(DataAt + (int)length + checksum)..];
        }

        return Upright;
    }

    /// <summary>Returns the orientation that the EXIF chunk of a WebP file says (RFC 9649, section 2.7.1.5).</summary>
    /// <param name="webp">The whole file.</param>
    /// <returns>1 to 8; 1 where the file says none.</returns>
    public static int OfWebP(ReadOnlySpan<byte> webp)
    {
        const int header = 12; // RIFF, length, WEBP
        for (var chunk = webp[Math.Min(header, webp.Length)..]; chunk.Length >= DataAt;)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(chunk[NameSize..]);
            if (length > chunk.Length - DataAt)
            {
                break;
            }

            if (chunk[..NameSize].SequenceEqual("EXIF"u8))
            {
                return OfExif(chunk.Slice(DataAt, (int)length));
            }

            chunk = chunk[Math.Min(DataAt + (int)length + ((int)length % 2), chunk.Length)..]; // of an even number of bytes
        }

        return Upright;
    }

    private static int OfExif(ReadOnlySpan<byte> exif)
    {
        var mark = "Exif\0\0"u8; // as in a JPEG file
        return OfTiff(exif.StartsWith(mark) ? exif[mark.Length..] : exif);
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
                const ushort wide = 4; // the type of a number of four bytes, in place of two
                var value = Number(entries[(Number(entries[2..]) == wide && !isLittle ? 10 : 8)..]);
                return value is >= 1 and <= 8 ? value : Upright;
            }
        }

        return Upright;

        ushort Number(ReadOnlySpan<byte> bytes) =>
            isLittle ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }
}
