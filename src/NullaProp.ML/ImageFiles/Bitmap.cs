using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NullaProp.ML.ImageFiles;

/// <summary>An image in memory.</summary>
/// <param name="Width">Columns of pixels.</param>
/// <param name="Height">Rows of pixels.</param>
/// <param name="Bgra">Four bytes a pixel, row by row; opaque.</param>
internal sealed record Bitmap(int Width, int Height, byte[] Bgra)
{
    private const int BytesPerPixel = 4;

    /// <summary>Returns the image as the camera was held.</summary>
    /// <param name="orientation">How it lies in the file: 1 to 8, as EXIF numbers it (section 4.6.4, tag 0x0112).</param>
    public Bitmap Upright(int orientation)
    {
        if (orientation is <= 1 or > 8)
        {
            return this;
        }

        // By what side of what is seen the first row and the first column of the file are.
        var (isTurned, isRowFromEnd, isColumnFromEnd) = orientation switch
        {
            2 => (false, false, true),
            3 => (false, true, true),
            4 => (false, true, false),
            5 => (true, false, false),
            6 => (true, true, false),
            7 => (true, true, true),
            _ => (true, false, true),
        };
        var (width, height) = isTurned ? (Height, Width) : (Width, Height);
        var upright = new byte[Bgra.Length];
        var from = MemoryMarshal.Cast<byte, uint>(Bgra.AsSpan());
        var to = MemoryMarshal.Cast<byte, uint>(upright.AsSpan());
        for (var i = 0; i < to.Length; i++)
        {
            var (row, column) = isTurned ? (i % width, i / width) : (i / width, i % width);
            row = isRowFromEnd ? Height - 1 - row : row;
            column = isColumnFromEnd ? Width - 1 - column : column;
            to[i] = from[(row * Width) + column];
        }

        return new Bitmap(width, height, upright);
    }

    /// <summary>
    /// Returns a frame with the image in it, resampled by a triangle as wide as a pixel of the result, or of the image where it is
    /// enlarged: what is made smaller is averaged and not picked. Of the same size it stays as it is, byte for byte.
    /// </summary>
    /// <param name="width">Columns of the frame.</param>
    /// <param name="height">Rows of the frame.</param>
    /// <param name="fit">How the image lies in it.</param>
    public Bitmap In(int width, int height, ImageFit fit)
    {
        var (across, down) = fit.Scales((Width, Height), (width, height));
        var columns = new Taps(Width, width, across);
        var rows = new Taps(Height, height, down);
        if ((long)rows.Most * width * BytesPerPixel > Array.MaxLength)
        {
            throw new InvalidDataException(
                $"The image is {Width}×{Height} pixels, which is too many to bring to {width}×{height}. Make it smaller before.");
        }

        // Rows of the image at the frame's width, as many as one row of the frame takes; each lies where an earlier one did.
        var lines = new float[rows.Most * width * BytesPerPixel];
        var line = new float[Width * BytesPerPixel];
        var next = 0;
        var frame = new byte[width * height * BytesPerPixel];
        frame.AsSpan().Fill(byte.MaxValue);
        var sum = new float[width * BytesPerPixel];
        for (var y = rows.First; y < rows.End; y++)
        {
            var (start, weights) = rows.Of(y);
            for (next = Math.Max(next, start); next < start + weights.Length; next++)
            {
                TensorPrimitives.ConvertTruncating<byte, float>(Bgra.AsSpan(next * line.Length, line.Length), line);
                Across(line, columns, lines.AsSpan(next % rows.Most * sum.Length, sum.Length));
            }

            Down(lines, rows, y, sum);
            var inside = sum.AsSpan(columns.First * BytesPerPixel, (columns.End - columns.First) * BytesPerPixel);
            Round(inside, frame.AsSpan((y * sum.Length) + (columns.First * BytesPerPixel), inside.Length));
        }

        return new Bitmap(width, height, frame);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Across(ReadOnlySpan<float> line, Taps columns, Span<float> result)
    {
        for (var x = columns.First; x < columns.End; x++)
        {
            var (start, weights) = columns.Of(x);
            var sum = Vector128<float>.Zero;
            for (var i = 0; i < weights.Length; i++)
            {
                sum += Vector128.Create(line.Slice((start + i) * BytesPerPixel, BytesPerPixel)) * weights[i];
            }

            sum.CopyTo(result[(x * BytesPerPixel)..]);
        }
    }

    private static void Down(ReadOnlySpan<float> lines, Taps rows, int y, Span<float> sum)
    {
        var (start, weights) = rows.Of(y);
        sum.Clear();
        for (var i = 0; i < weights.Length; i++)
        {
            TensorPrimitives.MultiplyAdd(
                lines.Slice((start + i) % rows.Most * sum.Length, sum.Length),
                weights[i],
                sum,
                sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Math.Clamp(values[i] + 0.5f, 0, byte.MaxValue);
        }
    }

    /// <summary>Which pixels of a row or column of the image make each of the frame, and by what shares.</summary>
    private sealed class Taps
    {
        private readonly int[] _starts;
        private readonly float[][] _weights;

        /// <summary>Finds them.</summary>
        /// <param name="source">The pixels of the image.</param>
        /// <param name="target">The pixels of the frame.</param>
        /// <param name="scale">Pixels of the frame for each of the image.</param>
        public Taps(int source, int target, double scale)
        {
            var length = Math.Clamp((int)Math.Round(source * scale), 1, target); // less than the frame where the image is padded
            var step = 1 / scale;
            (First, End) = ((target - length) / 2, ((target - length) / 2) + length);
            var offset = (source - (length * step)) / 2; // what is cut off on either side
            (_starts, _weights) = (new int[length], new float[length][]);
            for (var i = 0; i < length; i++)
            {
                (_starts[i], _weights[i]) = Triangle(offset + ((i + 0.5) * step), Math.Max(1, step), source);
            }

            Most = _weights.Max(weights => weights.Length);
        }

        /// <summary>Gets the first pixel of the frame that the image covers.</summary>
        public int First { get; }

        /// <summary>Gets the pixel of the frame after the last one that it covers.</summary>
        public int End { get; }

        /// <summary>Gets the most pixels of the image that make one of the frame; they lie beside each other.</summary>
        public int Most { get; }

        /// <summary>Returns what makes one pixel of the frame.</summary>
        /// <param name="place">The pixel of the frame.</param>
        public (int Start, float[] Weights) Of(int place) => (_starts[place - First], _weights[place - First]);

        private static (int Start, float[] Weights) Triangle(double centre, double radius, int source)
        {
            var start = Math.Max(0, (int)Math.Ceiling(centre - radius - 0.5));
            var end = Math.Min(source, (int)Math.Floor(centre + radius - 0.5) + 1);
            double[] shares = [.. Enumerable.Range(start, end - start).Select(i => 1 - (Math.Abs(i + 0.5 - centre) / radius))];
            var sum = shares.Sum();
            return (start, [.. shares.Select(share => (float)(share / sum))]);
        }
    }
}
