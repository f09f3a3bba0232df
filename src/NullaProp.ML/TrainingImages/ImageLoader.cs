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
/// <param name="features">What stands for the images, where a part of the network is not trained: its size, and what writes it.</param>
internal sealed class ImageLoader(
    NoPropOptions options, Action checkAlive, Action<string> warn, (ImageShape Shape, FeatureWriter Write)? features = null)
{
    /// <summary>
    /// Reads all rows that have a label into memory, or again whenever they are needed where they take more than
    /// <see cref="NoPropOptions.MaxCachedBytes"/>.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="wanted">The size that the images must have, or <see langword="null"/>.</param>
    /// <param name="purpose">What the rows are for, for messages: "validation" or "diagnostic".</param>
    /// <exception cref="InvalidOperationException">No rows, no labels, or a row that cannot be read.</exception>
    public IImages Load(IDataView data, ImageShape? wanted, string purpose)
    {
        var rows = Rows(data, options with { ExampleWeightColumnName = null }, wanted); // figures that people compare stay unweighted
        var store = new ImageStore(rows.Shape);
        IImages images = TryRead(rows, store) ? store : new OrderedImages(rows, rows.Read(new float[rows.Shape.Size]).Count());
        CheckRows(images.Count, rows.Skipped, purpose);
        return images;
    }

    /// <summary>
    /// Reads all rows that have a label into memory, or makes a stream of them where they take more than
    /// <see cref="NoPropOptions.MaxCachedBytes"/>.
    /// </summary>
    /// <param name="data">The data.</param>
    /// <param name="wanted">The size that the images must have.</param>
    /// <exception cref="InvalidOperationException">No rows, no labels, or a row that cannot be read.</exception>
    public ITrainingImages LoadTraining(IDataView data, ImageShape wanted)
    {
        var rows = Rows(data, options, wanted);
        var store = new ImageStore(rows.Shape);
        ITrainingImages images = TryRead(rows, store) ? store : new ImageStream(rows, options.MaxCachedBytes, store);
        CheckRows(images.Count, rows.Skipped, "training");
        images.Weights = RowWeights.Of(options, rows.Totals, rows.ClassNames);
        return images;
    }

    private ILabelledRows Rows(IDataView data, NoPropOptions columns, ImageShape? wanted)
    {
        var rows = new LabelledRows(data, columns, wanted, checkAlive);
        return features is { } own ? new FeatureRows(rows, own.Shape, own.Write) : rows;
    }

    // Stops where the images take more memory than allowed.
    private bool TryRead(ILabelledRows rows, ImageStore store)
    {
        var pixels = new float[rows.Shape.Size];
        foreach (var row in rows.Read(pixels))
        {
            store.Add(pixels, row.Label, row.Weight);
            if ((long)store.Count * store.RowBytes > options.MaxCachedBytes)
            {
                return false;
            }
        }

        return true;
    }

    private void CheckRows(int count, long skipped, string purpose)
    {
        if (count == 0)
        {
            throw Marked.Exception(new InvalidOperationException(skipped == 0
                ? $"The {purpose} data has no rows. Check the path or filter that it comes from."
                : $"None of the {skipped} {purpose} rows has a label in column '{options.LabelColumnName}'. Check the column, and that "
                    + $"MapValueToKey knows its values."));
        }

        if (skipped > 0)
        {
            warn($"{skipped} of {count + skipped} {purpose} rows have no label in column '{options.LabelColumnName}' and were left out.");
        }
    }
}
