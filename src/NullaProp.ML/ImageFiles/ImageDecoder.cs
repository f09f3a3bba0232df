using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace NullaProp.ML.ImageFiles;

/// <summary>
/// Reads image files as people have them: the first frame, upright as the camera held it (EXIF), in sRGB whatever the file's colours are
/// (grey, palette, CMYK, 16 bits, a colour profile), on white where it is transparent.
/// </summary>
internal static class ImageDecoder
{
    private const int MostPixels = 1 << 28; // a gigabyte in memory: files of some kilobytes can claim more
    private static readonly SKEncodedImageFormat[] Formats =
    [
        SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Png, SKEncodedImageFormat.Webp, SKEncodedImageFormat.Bmp, SKEncodedImageFormat.Gif,
    ];

    private const int Reduced = 8; // by which a JPEG can be reduced while it is decoded; so can it by 4 and 2

    /// <summary>Reads a file at its own size, or smaller where that is faster and large enough.</summary>
    /// <param name="path">The file.</param>
    /// <param name="scale">Returns by what its width and height will be multiplied, so that twice that size is enough to read.</param>
    /// <exception cref="InvalidDataException">The file cannot be read; the message says why, and has the path.</exception>
    public static Bitmap Read(string path, Func<int, int, double> scale) => Decode(Bytes(path), Named(path), scale);

    /// <summary>Reads an image in memory, as <see cref="Read"/> does a file.</summary>
    /// <param name="file">What a file of it would hold.</param>
    /// <param name="name">What messages call it: the start of a sentence.</param>
    /// <param name="scale">As of <see cref="Read"/>.</param>
    /// <exception cref="InvalidDataException">It cannot be read; the message says why.</exception>
    public static Bitmap Decode(byte[] file, string name, Func<int, int, double> scale)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data) ?? throw Unreadable(name, ImageFormatMark.WhyUnreadable(file));
        if (!Formats.Contains(codec.EncodedFormat))
        {
            // Of old formats without a mark, such as WBMP, the decoder takes much for one.
            throw Unreadable(name, $"it would be one of the format {codec.EncodedFormat}, but JPEG, PNG, WebP, BMP and GIF are read");
        }

        var isOpaque = codec.Info.AlphaType == SKAlphaType.Opaque;
        var bitmap = Pixels(name, codec, scale, isOpaque ? SKAlphaType.Opaque : SKAlphaType.Premul);
        if (!isOpaque && codec.EncodedFormat == SKEncodedImageFormat.Bmp && IsInvisible(bitmap.Bgra))
        {
            bitmap = Pixels(name, codec, scale, SKAlphaType.Unpremul); // programs leave the fourth byte at 0, and browsers show the rest
            MakeOpaque(bitmap.Bgra);
        }
        else if (!isOpaque)
        {
            LayOnWhite(bitmap.Bgra);
        }

        return bitmap.Upright(codec.EncodedFormat switch
        {
            SKEncodedImageFormat.Png => ExifOrientation.OfPng(file),
            SKEncodedImageFormat.Webp => ExifOrientation.OfWebP(file),
            _ => (int)codec.EncodedOrigin,
        });
    }

    /// <summary>Asks for the smallest size: every byte is looked at all the same.</summary>
    /// <param name="width">The image's width.</param>
    /// <param name="height">Its height.</param>
    public static double Smallest(int width, int height) => 0;

    /// <summary>Returns a sentence about an image that cannot be read, or <see langword="null"/> where it can.</summary>
    /// <param name="read">Reads it.</param>
    public static string? Fault(Func<Bitmap> read)
    {
        try
        {
            read();
            return null;
        }
        catch (InvalidDataException fault)
        {
            return fault.Message;
        }
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            // What has no length is not opened: a named pipe would be waited for, and a device be read for ever. A link has one of its own.
            var file = File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
            return file is { Exists: true, Length: 0 } ? [] : File.ReadAllBytes(path);
        }
        catch (ArgumentException fault) when (path.Length == 0)
        {
            throw new InvalidDataException("The path of an image is empty: set ImagePath.", fault);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InvalidDataException($"There is no image file '{path}'{WhereLookedFor(path)}.", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw Unreadable(Named(path), Directory.Exists(path) ? "it is a folder" : fault.Message.TrimEnd('.'), fault);
        }
    }

    // The current folder is not always the one that people think of.
    private static string WhereLookedFor(string path) =>
        path.Contains("://", StringComparison.Ordinal) ? ": an address on the web is not read; save the image as a file first"
        : path.Contains('\ufffd', StringComparison.Ordinal)
        ? ": its name holds bytes that are no UTF-8, by which .NET finds no file. Rename it"
        : Path.IsPathRooted(path) ? string.Empty
        : $"; it was looked for at '{Path.GetFullPath(path)}'";

    private static Bitmap Pixels(string name, SKCodec codec, Func<int, int, double> scale, SKAlphaType alpha)
    {
        var size = Size(codec, scale);
        if ((long)codec.Info.Width * codec.Info.Height > MostPixels)
        {
            throw Unreadable(name, string.Create(
                CultureInfo.InvariantCulture,
                $"it is {codec.Info.Width}×{codec.Info.Height} pixels, but at most {MostPixels} are read; make it smaller"));
        }

        var info = new SKImageInfo(
            size.Width,
            size.Height,
            SKColorType.Bgra8888,
            alpha,
            SKColorSpace.CreateSrgb());
        var pixels = new byte[info.BytesSize];
        var pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            var result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            return result switch
            {
                SKCodecResult.Success => new Bitmap(size.Width, size.Height, pixels),
                SKCodecResult.IncompleteInput => throw Unreadable(name, "it ends before its last pixel"),
                SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => throw Unreadable(name, "it is damaged"),
                _ => throw Unreadable(name, $"it cannot be decoded ({result})"),
            };
        }
        finally
        {
            pinned.Free();
        }
    }

    // A JPEG is reduced by 8, 4 or 2 at a fraction of the time, to twice the wanted size at least, so that resampling has the last word.
    private static SKSizeI Size(SKCodec codec, Func<int, int, double> scale)
    {
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        if (codec.EncodedFormat != SKEncodedImageFormat.Jpeg)
        {
            return new SKSizeI(width, height);
        }

        var wanted = 2 * ((int)codec.EncodedOrigin > 4 ? scale(height, width) : scale(width, height));
        var reduction = Reduced;
        while (reduction > 1 && wanted * reduction > 1)
        {
            reduction /= 2;
        }

        return codec.GetScaledDimensions(1f / reduction);
    }

    private static bool IsInvisible(byte[] bgra)
    {
        foreach (var pixel in MemoryMarshal.Cast<byte, BgraPixel>(bgra.AsSpan()))
        {
            if (pixel.Alpha != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static void MakeOpaque(byte[] bgra)
    {
        foreach (ref var pixel in MemoryMarshal.Cast<byte, BgraPixel>(bgra.AsSpan()))
        {
            pixel = pixel with { Alpha = byte.MaxValue };
        }
    }

    // The values are multiplied by their opacity already.
    private static void LayOnWhite(byte[] bgra)
    {
        foreach (ref var pixel in MemoryMarshal.Cast<byte, BgraPixel>(bgra.AsSpan()))
        {
            var white = byte.MaxValue - pixel.Alpha;
            pixel = new BgraPixel((byte)(pixel.Blue + white), (byte)(pixel.Green + white), (byte)(pixel.Red + white), byte.MaxValue);
        }
    }

    private static string Named(string path) => $"The file '{path}'";

    private static InvalidDataException Unreadable(string name, string why, Exception? cause = null) =>
        new($"{name} cannot be read as an image: {why}.", cause);

    private readonly record struct BgraPixel(byte Blue, byte Green, byte Red, byte Alpha);
}
