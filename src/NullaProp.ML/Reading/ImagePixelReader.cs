using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Reading;

/// <summary>
/// Reads images from <see cref="MLImage"/> objects: red, green, blue, 0 to 255, or their grey value where one channel is wanted.
/// </summary>
/// <param name="getter">Reads the image of the current row.</param>
/// <param name="shape">The size that the image must have; 1 or 3 channels.</param>
internal sealed class ImagePixelReader(ValueGetter<MLImage> getter, ImageShape shape) : PixelReader, IDisposable
{
    private const int BytesPerPixel = 4;

    private MLImage? _image;
    private bool? _ownsImage; // unknown before the second row

    /// <inheritdoc/>
    public override void Read(Span<float> pixels)
    {
        var previous = _image;
        var isUsers = _ownsImage is null && previous is not null && IsFreed(previous); // who frees an image before we ask for the next
        getter(ref _image!);
        if (previous is not null && previous != _image)
        {
            _ownsImage ??= !isUsers && IsFreed(previous);
        }

        if (_image is null)
        {
            throw new InvalidOperationException("there is no image in the row");
        }

        if (_image.Height != shape.Height || _image.Width != shape.Width)
        {
            throw new InvalidOperationException(
                $"the image is {_image.Height}×{_image.Width} pixels, but must be {shape.Height}×{shape.Width}; add ResizeImages before "
                    + "NoProp");
        }

        var (red, green, blue) = _image.PixelFormat switch
        {
            MLPixelFormat.Bgra32 => (2, 1, 0),
            MLPixelFormat.Rgba32 => (0, 1, 2),
            _ => throw new InvalidOperationException(
                $"the image has pixel format {_image.PixelFormat}, but must be {MLPixelFormat.Bgra32} or {MLPixelFormat.Rgba32}"),
        };
        var source = _image.Pixels;
        if (shape.Channels == 1)
        {
            ReadGrey(source, (red, green, blue), pixels);
            return;
        }

        var plane = shape.Height * shape.Width;
        ReadPlane(source, red, pixels[..plane]);
        ReadPlane(source, green, pixels.Slice(plane, plane));
        ReadPlane(source, blue, pixels.Slice(2 * plane, plane));
    }

    /// <summary>Frees the last image; ML.NET's getters free each earlier one when they make the next.</summary>
    public void Dispose()
    {
        if (_ownsImage == true)
        {
            _image?.Dispose();
        }

        _image = null;
    }

    // A transform frees the image that it is given back when it makes the next; rows in memory keep theirs, which are the user's.
    private static bool IsFreed(MLImage image)
    {
        try
        {
            _ = image.Width;
            return false;
        }
        catch (InvalidOperationException)
        {
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // as PixelLoops
    private static void ReadPlane(ReadOnlySpan<byte> source, int offset, Span<float> plane)
    {
        for (var i = 0; i < plane.Length; i++)
        {
            plane[i] = source[(i * BytesPerPixel) + offset];
        }
    }

    // The luma of ITU-R BT.601, rounded so that grey images keep their bytes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadGrey(ReadOnlySpan<byte> source, (int Red, int Green, int Blue) offset, Span<float> plane)
    {
        for (var i = 0; i < plane.Length; i++)
        {
            var pixel = source.Slice(i * BytesPerPixel, BytesPerPixel);
            plane[i] = MathF.Round((0.299f * pixel[offset.Red]) + (0.587f * pixel[offset.Green]) + (0.114f * pixel[offset.Blue]));
        }
    }
}
