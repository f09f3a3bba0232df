using Microsoft.ML;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Data;

/// <summary>
/// Finds the row at which a cursor failed to move. ML.NET reads ahead on several threads and then tells neither the row nor, for an image that cannot be decoded,
/// the file; reading once more on one thread does. Data that may not be the same again, or not be there, is not read once more.
/// </summary>
internal static class FaultyRow
{
    /// <summary>Moves a cursor, and tells the row where that fails.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <param name="data">The data that it goes through.</param>
    /// <param name="feature">The feature column.</param>
    /// <param name="format">What the column holds.</param>
    /// <exception cref="InvalidOperationException">The data cannot be read.</exception>
    public static bool MoveNext(DataViewRowCursor cursor, IDataView data, DataViewSchema.Column feature, FeatureFormat format)
    {
        var read = cursor.Position + 1;
        try
        {
            return cursor.MoveNext();
        }
        catch (Exception fault) when (fault is not OperationCanceledException and not OutOfMemoryException)
        {
            if (DataAtRest.Is(data))
            {
                Find(data, feature, format);
            }

            var cause = fault.GetBaseException();
            throw Marked.Exception(new InvalidOperationException(
                $"The data before NoProp could not be read beyond its first {read} rows: {cause.Message.TrimEnd('.')}. " +
                "Mend it, or remove its rows that cannot be read.",
                fault));
        }
    }

    // Throws at the row, or returns where nothing fails this time.
    private static void Find(IDataView data, DataViewSchema.Column feature, FeatureFormat format)
    {
        using var cursor = data.GetRowCursorSet([feature, .. RowReader.TextColumns(data.Schema)], 1)[0];
        var reader = new RowReader(cursor, feature, format);
        var pixels = new float[format.Shape.Size];
        while (cursor.MoveNext())
        {
            reader.Fetch(pixels);
        }
    }
}
