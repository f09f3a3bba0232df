using Microsoft.ML;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Data;

/// <summary>Reads labelled images out of an <see cref="IDataView"/> into memory, in one pass.</summary>
/// <param name="options">The names of the columns.</param>
/// <param name="checkAlive">Called for every row; throws to stop.</param>
/// <param name="warn">Hears of rows that were left out.</param>
internal sealed class ImageLoader(NoPropOptions options, Action checkAlive, Action<string> warn)
{
    /// <summary>Reads all rows that have a label.</summary>
    /// <param name="data">The data.</param>
    /// <param name="wanted">The size that the images must have, or <see langword="null"/>.</param>
    /// <param name="purpose">What the rows are for, for messages: "training" or "validation".</param>
    /// <exception cref="InvalidOperationException">No rows, no labels, or a row that cannot be read.</exception>
    public ImageStore Load(IDataView data, ImageShape? wanted, string purpose)
    {
        var (feature, format) = InputColumns.Feature(data.Schema, options.FeatureColumnName, wanted);
        var (label, classes) = InputColumns.Label(data.Schema, options.LabelColumnName);
        using var cursor = data.GetRowCursor([feature, label, .. RowReader.TextColumns(data.Schema)]);
        var reader = new RowReader(cursor, feature, format);
        var labelGetter = cursor.GetGetter<uint>(label);

        var store = new ImageStore(format.Shape);
        var pixels = new float[format.Shape.Size];
        var (skipped, key) = (0L, 0u);
        while (cursor.MoveNext())
        {
            checkAlive();
            labelGetter(ref key);
            if (key == 0 || key > classes)
            {
                skipped++; // key 0 is ML.NET's missing value
                continue;
            }

            reader.Read(pixels);
            store.Add(pixels, (int)key - 1);
        }

        CheckRows(store, skipped, purpose);
        return store;
    }

    private void CheckRows(ImageStore store, long skipped, string purpose)
    {
        if (store.Count == 0)
        {
            throw Marked.Exception(new InvalidOperationException(skipped == 0
                ? $"The {purpose} data has no rows. Check the path or filter that it comes from."
                : $"None of the {skipped} {purpose} rows has a label in column '{options.LabelColumnName}'. Check the column, and that MapValueToKey knows its values."));
        }

        if (skipped > 0)
        {
            warn($"{skipped} of {store.Count + skipped} {purpose} rows have no label in column '{options.LabelColumnName}' and were left out.");
        }
    }
}
