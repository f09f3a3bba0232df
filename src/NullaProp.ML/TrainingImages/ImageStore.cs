using System.Runtime.InteropServices;
using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;
using static TorchSharp.torch;

namespace NullaProp.ML.TrainingImages;

/// <summary>Labelled images in memory.</summary>
/// <param name="shape">The size of the images.</param>
internal sealed class ImageStore(ImageShape shape) : ITrainingImages, IImages
{
    private readonly PixelChunks _pixels = new(shape.Size);
    private readonly List<int> _labels = [];
    private readonly List<float> _weights = [];
    private readonly ChannelMoments _moments = new(shape);

    /// <inheritdoc/>
    public ImageShape Shape => shape;

    /// <inheritdoc/>
    public int Count => _labels.Count;

    /// <inheritdoc/>
    public ImageStore Sample => this;

    /// <inheritdoc/>
    public RowWeights? Weights { get; set; }

    /// <summary>Gets or sets a hash of the images that the rows come from; <see langword="null"/> where they are images.</summary>
    public string? HashOfImages { get; set; }

    /// <summary>Gets the class indices of all images, from 0.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>Gets a value indicating whether a pixel takes one byte: every one so far was a whole number from 0 to 255.</summary>
    public bool HoldsBytes => _pixels.HoldsBytes;

    /// <summary>Gets the memory of one image, in bytes.</summary>
    public int RowBytes => _pixels.RowBytes;

    /// <summary>Adds an image.</summary>
    /// <param name="pixels">Its pixels, C·H·W, channel by channel.</param>
    /// <param name="label">Its class index, from 0.</param>
    /// <param name="weight">Its weight, 0 or more.</param>
    public void Add(ReadOnlySpan<float> pixels, int label, float weight = 1)
    {
        _pixels.Write(Count, pixels);
        _labels.Add(label);
        _weights.Add(weight);
        _moments.Add(pixels);
    }

    /// <summary>Puts another image in the place of one.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <param name="pixels">The other image.</param>
    /// <param name="label">Its class index, from 0.</param>
    /// <param name="weight">Its weight, 0 or more.</param>
    public void Replace(int row, ReadOnlySpan<float> pixels, int label, float weight = 1)
    {
        _pixels.Write(row, pixels);
        _labels[row] = label;
        _weights[row] = weight;
    }

    /// <summary>Reads an image.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <param name="pixels">Where to write it.</param>
    public LabelledRow Read(int row, Span<float> pixels)
    {
        var bytes = _pixels.Row(row);
        if (HoldsBytes)
        {
            for (var i = 0; i < bytes.Length; i++)
            {
                pixels[i] = bytes[i];
            }
        }
        else
        {
            MemoryMarshal.Cast<byte, float>(bytes).CopyTo(pixels);
        }

        return new LabelledRow(_labels[row], _weights[row]);
    }

    /// <summary>Removes all images; their memory stays for others.</summary>
    public void Clear()
    {
        _labels.Clear();
        _weights.Clear();
    }

    /// <summary>Removes an image; the last one takes its place.</summary>
    /// <param name="row">The row, from 0.</param>
    public void Remove(int row)
    {
        _pixels.Row(Count - 1).CopyTo(_pixels.Row(row));
        (_labels[row], _weights[row]) = (_labels[^1], _weights[^1]);
        _weights.RemoveAt(Count - 1);
        _labels.RemoveAt(Count - 1);
    }

    /// <summary>Returns some images as a batch, which the caller disposes.</summary>
    /// <param name="rows">Row numbers, from 0.</param>
    public ImageBatch Gather(ReadOnlySpan<long> rows)
    {
        var batch = Batch(rows.Length);
        Fill(batch, rows);
        return batch;
    }

    /// <inheritdoc/>
    public IEnumerable<ImageBatch> InOrder(int batchSize) => Batches(EvenRows(Count), batchSize);

    /// <summary>Returns some images in batches that the caller disposes; the last may be smaller.</summary>
    /// <param name="rows">Row numbers, from 0.</param>
    /// <param name="batchSize">Images in a batch.</param>
    public IEnumerable<ImageBatch> Batches(IEnumerable<long> rows, int batchSize) => rows.Chunk(batchSize).Select(chunk => Gather(chunk));

    /// <summary>Returns row numbers spread evenly over the store.</summary>
    /// <param name="most">How many at most.</param>
    public long[] EvenRows(int most)
    {
        var count = Math.Min(most, Count);
        return [.. Enumerable.Range(0, count).Select(i => (long)i * Count / count)];
    }

    /// <inheritdoc/>
    public ChannelStatistics ChannelStatistics() => _moments.Statistics();

    /// <inheritdoc/>
    public string Hash()
    {
        if (HashOfImages is { } known)
        {
            return known;
        }

        using var hash = new RowHash();
        for (var row = 0; row < Count; row++)
        {
            var pixels = _pixels.Row(row);
            var about = new LabelledRow(_labels[row], _weights[row]);
            if (_pixels.HoldsBytes)
            {
                hash.Add(pixels, about);
            }
            else
            {
                hash.Add(MemoryMarshal.Cast<byte, float>(pixels), about);
            }
        }

        return hash.Text();
    }

    /// <inheritdoc/>
    public IEnumerable<ImageBatch> Epoch(int batchSize, RandomStream order, int first = 0) => BatchPrefetch.FillOneAhead(
        order.Permutation(Count).Chunk(batchSize).Skip(first),
        rows => Batch(rows.Length),
        (batch, rows) => Fill(batch, rows));

    private ImageBatch Batch(int count) => new(
        empty(
            [count, shape.Channels, shape.Height, shape.Width],
            dtype: _pixels.HoldsBytes ? ScalarType.Byte : ScalarType.Float32,
            device: CPU),
        empty([count], dtype: ScalarType.Int64, device: CPU),
        Weights is null ? null : empty([count], dtype: ScalarType.Float32, device: CPU));

    private void Fill(ImageBatch batch, ReadOnlySpan<long> rows)
    {
        var pixels = batch.Pixels.bytes;
        var labels = MemoryMarshal.Cast<byte, long>(batch.Labels.bytes);
        var weights = batch.Weights is null ? [] : MemoryMarshal.Cast<byte, float>(batch.Weights.bytes);
        for (var i = 0; i < rows.Length; i++)
        {
            var row = (int)rows[i];
            _pixels.Row(row).CopyTo(pixels.Slice(i * RowBytes, RowBytes));
            labels[i] = _labels[row];
            if (!weights.IsEmpty)
            {
                weights[i] = Weights!.Of(new LabelledRow(_labels[row], _weights[row]));
            }
        }
    }
}
