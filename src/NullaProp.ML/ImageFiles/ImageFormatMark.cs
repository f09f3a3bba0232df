namespace NullaProp.ML.ImageFiles;

/// <summary>Tells by its first bytes why a file is none of the images that can be read.</summary>
internal static class ImageFormatMark
{
    private const int Length = 12; // bytes
    private const string Cure = "save it as JPEG or PNG";
    private const string Film = "it is a film or another container, and no image";

    /// <summary>Returns the end of a sentence that says why.</summary>
    /// <param name="file">The whole file, which no decoder takes.</param>
    public static string WhyUnreadable(ReadOnlySpan<byte> file) => file switch
    {
        [] => "it is empty",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', .. var brand] => OfContainer(brand),
        [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => $"it is a TIFF file, which is not supported; {Cure}",
        [0xFF, 0x0A, ..] or [0, 0, 0, Length, (byte)'J', (byte)'X', (byte)'L', (byte)' ', ..] =>
            $"it is a JPEG XL file, which is not supported; {Cure}",
        [0, 0, 0, Length, (byte)'j', (byte)'P', (byte)' ', (byte)' ', ..] => $"it is a JPEG 2000 file, which is not supported; {Cure}",
        [0xFF, 0xD8, ..] or [0x89, (byte)'P', (byte)'N', (byte)'G', ..] or [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..]
            or [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] or [(byte)'B', (byte)'M', ..] => "it is damaged",
        _ => "it is no JPEG, PNG, WebP, BMP or GIF file",
    };

    /// <summary>Returns whether a file begins as one of an image does, of a format that is read or of one that is not.</summary>
    /// <param name="file">The file; one that cannot be opened does not.</param>
    public static bool IsAtStartOf(FileInfo file)
    {
        Span<byte> start = stackalloc byte[Length];
        try
        {
            if (file.LinkTarget is not null || file.Length < Length) // no pipe is opened
            {
                return false;
            }

            using var stream = file.OpenRead();
            stream.ReadExactly(start);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }

        return start switch
        {
            [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', (byte)'c', (byte)'r', (byte)'x', ..] => true, // a camera's own
            [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', .. var brand] => OfContainer(brand) != Film,
            [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P'] => true,
            [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => true, // most cameras' own formats, too
            [0, 0, 0, Length, (byte)'J' or (byte)'j', (byte)'X' or (byte)'P', (byte)'L' or (byte)' ', (byte)' ', ..] => true,
            [0xFF, 0xD8, 0xFF, ..] or [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => true,
            [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..] => true,
            _ => false,
        };
    }

    // The main brand of ISO/IEC 14496-12's container: what phones save photos in.
    private static string OfContainer(ReadOnlySpan<byte> brand) => brand switch
    {
        [(byte)'a', (byte)'v', (byte)'i', (byte)'f' or (byte)'s', ..] => $"it is an AVIF file, which is not supported; {Cure}",
        [(byte)'h', (byte)'e', ..] or [(byte)'m', (byte)'i' or (byte)'s', (byte)'f', (byte)'1', ..] =>
            $"it is a HEIC file, which is not supported; {Cure}, or set the phone to its most compatible format",
        _ => Film,
    };
}
