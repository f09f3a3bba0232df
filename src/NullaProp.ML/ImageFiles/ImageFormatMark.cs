namespace NullaProp.ML.ImageFiles;

/// <summary>Tells by its first bytes why a file is none of the images that can be read.</summary>
internal static class ImageFormatMark
{
    private const string Cure = "save it as JPEG or PNG";

    /// <summary>Returns the end of a sentence that says why.</summary>
    /// <param name="file">The whole file, which no decoder takes.</param>
    public static string WhyUnreadable(ReadOnlySpan<byte> file) => file switch
    {
        [] => "it is empty",
        [_, _, _, _, (byte)'f', (byte)'t', (byte)'y', (byte)'p', .. var brand] => OfContainer(brand),
        [(byte)'I', (byte)'I', 42, 0, ..] or [(byte)'M', (byte)'M', 0, 42, ..] => $"it is a TIFF file, which is not supported; {Cure}",
        [0xFF, 0xD8, ..] or [0x89, (byte)'P', (byte)'N', (byte)'G', ..] or [(byte)'G', (byte)'I', (byte)'F', (byte)'8', ..]
            or [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] or [(byte)'B', (byte)'M', ..] => "it is damaged",
        _ => "it is no JPEG, PNG, WebP, BMP or GIF file",
    };

    // The main brand of ISO/IEC 14496-12's container: what phones save photos in.
    private static string OfContainer(ReadOnlySpan<byte> brand) => brand switch
    {
        [(byte)'a', (byte)'v', (byte)'i', (byte)'f' or (byte)'s', ..] => $"it is an AVIF file, which is not supported; {Cure}",
        [(byte)'h', (byte)'e', ..] or [(byte)'m', (byte)'i' or (byte)'s', (byte)'f', (byte)'1', ..] =>
            $"it is a HEIC file, which is not supported; {Cure}, or set the phone to its most compatible format",
        _ => "it is a film or another container, and no image",
    };
}
