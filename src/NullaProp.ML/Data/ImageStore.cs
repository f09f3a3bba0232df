using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace NullaProp.ML.Data;

/// <summary>Labelled images in memory: one byte a pixel as long as every pixel is a whole number from 0 to 255, else a float.</summary>
internal sealed class ImageStore(ImageShape shape)
{
    private const int ChunkRows = 1024;

    private readonly List<byte[]> _bytes = [];
    private readonly List<float[]> _floats = [];
    private readonly List<int> _labels = [];
    private bool _holdsBytes = true;

    /// <summary>Gets the size of the images.</summary>
    public ImageShape Shape => shape;

    /// <summary>Gets the number of images.</summary>
    public int Count => _labels.Count;

    /// <summary>Gets the class indices of all images, from 0.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>Adds an image.</summary>
    /// <param name="pixels">Its pixels, C·H·W, channel by channel.</param>
    /// <param name="label">Its class index, from 0.</param>
    public void Add(ReadOnlySpan<float> pixels, int label)
    {
        if (_holdsBytes && !AreBytes(pixels))
        {
            TurnToFloats();
        }

        if (_holdsBytes)
        {
            var row = RowOf(_bytes, Count, grow: true);
            for (var i = 0; i < row.Length; i++)
            {
                row[i] = (byte)pixels[i];
            }
        }
        else
        {
            pixels.CopyTo(RowOf(_floats, Count, grow: true));
        }

        _labels.Add(label);
    }

    /// <summary>Returns some images as a batch, which the caller disposes.</summary>
    /// <param name="rows">Row numbers, from 0.</param>
    public ImageBatch Gather(ReadOnlySpan<long> rows)
    {
        var size = shape.Size;
        var pixels = empty([rows.Length, shape.Channels, shape.Height, shape.Width], dtype: _holdsBytes ? ScalarType.Byte : ScalarType.Float32);
        var labels = empty([rows.Length], dtype: ScalarType.Int64);
        var target = pixels.bytes;
        var classes = MemoryMarshal.Cast<byte, long>(labels.bytes);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = (int)rows[i];
            var source = _holdsBytes ? RowOf(_bytes, row, grow: false) : MemoryMarshal.AsBytes(RowOf(_floats, row, grow: false));
            source.CopyTo(target.Slice(i * source.Length, source.Length));
            classes[i] = _labels[row];
        }

        return new ImageBatch(pixels, labels);
    }

    /// <summary>Returns row numbers spread evenly over the store.</summary>
    /// <param name="most">How many at most.</param>
    public long[] EvenRows(int most)
    {
        var count = Math.Min(most, Count);
        return [.. Enumerable.Range(0, count).Select(i => (long)i * Count / count)];
    }

    /// <summary>Returns mean and standard deviation of each channel over all images.</summary>
    public (double[] Mean, double[] Deviation) ChannelStatistics()
    {
        var (sums, squares) = (new double[shape.Channels], new double[shape.Channels]);
        var plane = shape.Height * shape.Width;
        for (var row = 0; row < Count; row++)
        {
            for (var channel = 0; channel < shape.Channels; channel++)
            {
                var (sum, square) = _holdsBytes
                    ? Moments<byte>(RowOf(_bytes, row, grow: false).Slice(channel * plane, plane))
                    : Moments<float>(RowOf(_floats, row, grow: false).Slice(channel * plane, plane));
                sums[channel] += sum;
                squares[channel] += square;
            }
        }

        var count = (double)Count * plane;
        var mean = sums.Select(sum => sum / count).ToArray();
        return (mean, [.. squares.Select((square, c) => Math.Sqrt(Math.Max(0, (square / count) - (mean[c] * mean[c]))))]);
    }

    private static (double Sum, double Square) Moments<T>(ReadOnlySpan<T> values)
        where T : struct, System.Numerics.INumberBase<T>
    {
        var (sum, square) = (0.0, 0.0);
        foreach (var value in values)
        {
            var x = double.CreateChecked(value);
            sum += x;
            square += x * x;
        }

        return (sum, square);
    }

    private static bool AreBytes(ReadOnlySpan<float> pixels)
    {
        foreach (var pixel in pixels)
        {
            if (!(pixel >= 0 && pixel <= 255) || pixel != MathF.Floor(pixel))
            {
                return false;
            }
        }

        return true;
    }

    private Span<T> RowOf<T>(List<T[]> chunks, int row, bool grow)
    {
        var (chunk, within) = Math.DivRem(row, ChunkRows);
        if (grow && chunk == chunks.Count)
        {
            chunks.Add(new T[checked(ChunkRows * shape.Size)]);
        }

        return chunks[chunk].AsSpan(within * shape.Size, shape.Size);
    }

    private void TurnToFloats()
    {
        _holdsBytes = false;
        foreach (var chunk in _bytes)
        {
            _floats.Add([.. chunk.Select(value => (float)value)]);
        }

        _bytes.Clear();
    }
}
