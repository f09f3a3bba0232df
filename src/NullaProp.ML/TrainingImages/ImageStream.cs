using NullaProp.ML.Randomness;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// Labelled images that do not fit into the memory allowed: read anew for every pass, in random order where the rows can be, and shuffled
/// through a buffer that holds one batch at least. A batch is drawn at random from the buffer, and what is drawn makes room for the rows
/// that follow.
/// </summary>
internal sealed class ImageStream : ITrainingImages
{
    private const int MostSampleRows = 1000;
    private const double FewRows = 10; // of a class; that a buffer of rows in random order has none of so many is a matter of 1 in 20,000
    private const int MostSampleBytes = 16 << 20; // beside a buffer that may be many times as large

    private readonly ILabelledRows _rows;
    private readonly ImageStore _buffer;
    private readonly ChannelMoments _moments;
    private readonly int _bufferRows;
    private readonly int _sampleRows;
    private readonly string _hash;

    /// <summary>Counts and measures the rows, in one reading.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="bufferBytes">The memory allowed for the buffer, in bytes.</param>
    /// <param name="started">A store that was to hold all rows and grew too large; the buffer takes over its memory.</param>
    public ImageStream(ILabelledRows rows, long bufferBytes, ImageStore? started = null)
    {
        _rows = rows;
        _sampleRows = Math.Clamp(MostSampleBytes / rows.Shape.Size, 1, MostSampleRows);
        _moments = new ChannelMoments(rows.Shape);
        Sample = new ImageStore(rows.Shape);
        var pixels = new float[rows.Shape.Size];
        var sample = new RandomStreams(seed: 0).Of("sample"); // the same rows in every training: they only show an accuracy
        var areBytes = true;
        var begins = new Dictionary<int, int>();
        using var hash = new RowHash();
        foreach (var row in rows.Read(pixels))
        {
            begins.TryAdd(row.Label, Count);
            _moments.Add(pixels);
            areBytes &= hash.Add(pixels, row);
            Keep(pixels, row.Label, sample);
            Count++;
        }

        _hash = rows.HashOfImages ?? hash.Text();
        _buffer = started?.HoldsBytes == areBytes ? started : new ImageStore(rows.Shape);
        RowBytes = areBytes ? pixels.Length : pixels.Length * sizeof(float);
        _bufferRows = (int)Math.Clamp(bufferBytes / RowBytes, 1, int.MaxValue);
        LateClasses = rows.CanShuffle ? [] : [.. begins.Where(begin => IsLate(begin.Key, begin.Value)).Select(begin => begin.Key).Order()];
    }

    /// <summary>
    /// Gets the classes that begin behind what the buffer holds though they are no rare ones, where rows cannot be read in random order:
    /// those of rows that are sorted by class.
    /// </summary>
    public IReadOnlyList<int> LateClasses { get; }

    /// <summary>Gets the number of rows that the buffer holds.</summary>
    public int BufferRows => _bufferRows;

    /// <inheritdoc/>
    public ImageShape Shape => _rows.Shape;

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int RowBytes { get; }

    /// <inheritdoc/>
    public ImageStore Sample { get; }

    /// <inheritdoc/>
    public RowWeights? Weights
    {
        get => _buffer.Weights;
        set => _buffer.Weights = value;
    }

    /// <inheritdoc/>
    public ChannelStatistics ChannelStatistics() => _moments.Statistics();

    /// <inheritdoc/>
    public string Hash() => _hash;

    /// <inheritdoc/>
    public IEnumerable<ImageBatch> Epoch(int batchSize, RandomStream order, int first = 0) =>
        BatchPrefetch.MakeOneAhead(Shuffled(batchSize, order, first));

    private IEnumerable<ImageBatch> Shuffled(int batchSize, RandomStream order, int first)
    {
        var pixels = new float[Shape.Size];
        using var rows = _rows.Again(pixels, Count, order).GetEnumerator();
        var goesOn = true;
        _buffer.Clear(); // of what an abandoned epoch left behind
        // so that every batch but the last is full, and an epoch has the steps that its rows make
        var room = Math.Max(_bufferRows, batchSize);
        while (_buffer.Count < room && (goesOn = rows.MoveNext()))
        {
            _buffer.Add(pixels, rows.Current.Label, rows.Current.Weight);
        }

        for (var number = 0; _buffer.Count > 0; number++)
        {
            var drawn = Distinct(Math.Min(batchSize, _buffer.Count), _buffer.Count, order);
            if (number >= first)
            {
                yield return _buffer.Gather(drawn);
            }

            foreach (var row in drawn.OrderDescending())
            {
                goesOn = goesOn && rows.MoveNext();
                Refill((int)row, pixels, goesOn ? rows.Current : null);
            }
        }
    }

    private bool IsLate(int label, int begin) =>
        begin >= _bufferRows && (double)_rows.Totals.Rows[label] * _bufferRows / Count >= FewRows;

    private void Refill(int row, float[] pixels, LabelledRow? next)
    {
        if (next is { } read)
        {
            _buffer.Replace(row, pixels, read.Label, read.Weight);
        }
        else
        {
            _buffer.Remove(row);
        }
    }

    private static long[] Distinct(int count, int below, RandomStream order)
    {
        var drawn = new HashSet<long>(count);
        while (drawn.Count < count)
        {
            drawn.Add(order.Below(below));
        }

        return [.. drawn];
    }

    // Every row has the same chance to be in the sample, however many there will be.
    private void Keep(float[] pixels, int label, RandomStream sample)
    {
        if (Sample.Count < _sampleRows)
        {
            Sample.Add(pixels, label);
        }
        else if (sample.Below(Count + 1) is var place && place < _sampleRows)
        {
            Sample.Replace(place, pixels, label);
        }
    }
}
