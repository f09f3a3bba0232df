using Microsoft.ML;
using NullaProp.ML.Interop;
using NullaProp.ML.Reading;

namespace NullaProp.ML.TrainingImages;

/// <summary>
/// Reads labelled images out of an <see cref="IDataView"/>: into memory, in one pass, or as a stream where they are too many.
/// </summary>
/// <param name="options">The names of the columns, and the memory allowed.</param>
/// <param name="checkAlive">Called for every row; throws to stop.</param>
/// <param name="warn">Hears of rows that were left out.</param>
/// <param name="features">What stands for the images, where a part of the network is not trained.</param>
internal sealed class ImageLoader(NoPropOptions options, Action checkAlive, Action<string> warn, ImageFeatures? features = null)
    : IDisposable
{
    private readonly List<KeptRows> _kept = [];

    /// <summary>Gets the folder of temporary files.</summary>
    public string Folder { get; init; } = Path.GetTempPath();

    /// <summary>Gets the most threads that decode image files.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Gets what hears that rows which do not fit the memory are read from the first one again.</summary>
    public Action ReadAgain { get; init; } = static () => { };

    /// <summary>
    /// Reads all rows that have a label into memory, or again whenever they are needed where they take more than
    /// <see cref="NoPropOptions.MaxCachedBytes"/>.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="wanted">The size that the images must have, or <see langword="null"/>.</param>
    /// <param name="purpose">What the rows are for, for messages: "validation" or "diagnostic".</param>
    /// <param name="known">The pixels that the network knows; <see langword="null"/> where what makes the features knows them.</param>
    /// <exception cref="InvalidOperationException">No rows, no labels, or a row that cannot be read.</exception>
    public IImages Load(IDataView data, ImageShape? wanted, string purpose, PixelRange? known = null)
    {
        var unweighted = options with { ExampleWeightColumnName = null }; // people compare the figures
        IImages images;
        ILabelledRows rows;
        try
        {
            rows = Rows(data, unweighted, wanted, known);
            var store = new ImageStore(rows.Shape);
            images = ReadInto(store, rows) switch
            {
                null => store,
                KeptRows kept => new OrderedImages(kept, kept.Count, kept.HashOfImages!),
                var all => Ordered(all),
            };
        }
        catch (InvalidOperationException fault)
        {
            throw UserFault.Of(new InvalidOperationException($"In the {purpose} data: {fault.Message}", fault)); // not in the other
        }

        CheckRows(images.Count, rows.Skipped, purpose);
        return images;
    }

    /// <summary>
    /// Reads all rows that have a label into memory, or makes a stream of them where they take more than
    /// <see cref="NoPropOptions.MaxCachedBytes"/>.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="wanted">The size that the images must have.</param>
    /// <param name="check">Hears how many rows each class has; throws where there is nothing to learn from.</param>
    /// <param name="known">The pixels that a model knows which is trained further; else <see langword="null"/>.</param>
    /// <exception cref="InvalidOperationException">No rows, no labels, or a row that cannot be read.</exception>
    public ITrainingImages LoadTraining(IDataView data, ImageShape wanted, Action<ClassTotals> check, PixelRange? known = null)
    {
        var rows = Rows(data, options, wanted, known);
        var store = new ImageStore(rows.Shape);
        ITrainingImages images = ReadInto(store, rows) is { } all ? new ImageStream(all, options.MaxCachedBytes, store) : store;
        CheckRows(images.Count, rows.Skipped, "training");
        check(rows.Totals);
        CheckBatch(images.Shape, images.RowBytes, images.Count, options);
        WarnOfOrder(images as ImageStream, rows.ClassNames);
        images.Weights = RowWeights.Of(options, rows.Totals, rows.ClassNames);
        return images;
    }

    /// <inheritdoc/>
    public void Dispose() => _kept.ForEach(rows => rows.Dispose());

    private ILabelledRows Rows(IDataView data, NoPropOptions columns, ImageShape? wanted, PixelRange? known)
    {
        var rows = new LabelledRows(data, columns, wanted, checkAlive, features?.Known ?? known, Threads);
        return features is null ? rows : new FeatureRows(rows, features);
    }

    // Where the images take more memory than allowed, the rows to read again: of features from a file, for to compute them takes long.
    private ILabelledRows? ReadInto(ImageStore store, ILabelledRows rows)
    {
        var pixels = new float[rows.Shape.Size];
        using var reading = rows.Read(pixels).GetEnumerator();
        while (reading.MoveNext())
        {
            store.Add(pixels, reading.Current.Label, reading.Current.Weight);
            if ((long)store.Count * store.RowBytes > options.MaxCachedBytes)
            {
                if (features is not null)
                {
                    return Kept(rows, store, reading, pixels);
                }

                ReadAgain();
                return rows;
            }
        }

        store.HashOfImages = rows.HashOfImages;
        return null;
    }

    private static OrderedImages Ordered(ILabelledRows rows)
    {
        var (pixels, count) = (new float[rows.Shape.Size], 0);
        using var hash = new RowHash();
        foreach (var row in rows.Read(pixels))
        {
            hash.Add(pixels, row);
            count++;
        }

        return new OrderedImages(rows, count, rows.HashOfImages ?? hash.Text());
    }

    private KeptRows Kept(ILabelledRows rows, ImageStore store, IEnumerator<LabelledRow> reading, float[] pixels)
    {
        var kept = new KeptRows(rows, Folder);
        _kept.Add(kept);
        var row = new float[pixels.Length];
        for (var i = 0; i < store.Count; i++)
        {
            kept.Add(row, store.Read(i, row));
        }

        while (reading.MoveNext())
        {
            kept.Add(pixels, reading.Current);
        }

        return kept;
    }

    /// <summary>Checks that a batch fits into a tensor, whose memory is filled through a span.</summary>
    /// <param name="shape">The size of an image.</param>
    /// <param name="rowBytes">The bytes that it takes.</param>
    /// <param name="count">The number of images.</param>
    /// <param name="options">The size of a batch.</param>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static void CheckBatch(ImageShape shape, int rowBytes, int count, NoPropOptions options)
    {
        var most = int.MaxValue / rowBytes;
        if (Math.Min(options.BatchSize, count) > most)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"{nameof(options.BatchSize)} is {options.BatchSize}, but a batch takes at most 2 GiB, and a row of {shape} values "
                + $"takes {rowBytes} bytes: lower the option to {most} or less."));
        }
    }

    private void WarnOfOrder(ImageStream? stream, IReadOnlyList<string> classNames)
    {
        if (stream?.LateClasses is { Count: > 0 } late)
        {
            warn(
                $"The training rows take more than {nameof(NoPropOptions.MaxCachedBytes)}, and of the {stream.BufferRows} that fit in none "
                + $"is of the classes {NameList.Quoted(late.Select(label => classNames[label]))}: rows that are sorted by class are "
                + "learned class after class, and badly. Bring them into random order where they are kept, or raise the option.");
        }
    }

    private void CheckRows(int count, long skipped, string purpose)
    {
        if (count == 0)
        {
            throw UserFault.Of(new InvalidOperationException(skipped == 0
                ? $"The {purpose} data has no rows. Check the path or filter that it comes from."
                : $"None of the {skipped} {purpose} rows has a label in column '{options.LabelColumnName}'. Check the column, and that "
                    + "MapValueToKey knows its values."));
        }

        if (skipped > 0)
        {
            warn($"{skipped} of {count + skipped} {purpose} rows have no label in column '{options.LabelColumnName}' and were left out.");
        }
    }
}
