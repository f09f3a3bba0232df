using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Reading;

/// <summary>
/// Finds the row at which reading failed. ML.NET reads ahead on several threads and then tells neither the row nor, for an image that
/// cannot be decoded, the file; reading once more on one thread does. Data that may be used up by that is not read once more. Where the
/// second reading fails otherwise, as a source that can be read but once does, the first fault is what is told.
/// </summary>
internal static class FaultyRow
{
    /// <summary>Moves a cursor, and tells the row where that fails.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <param name="data">The data that it goes through.</param>
    /// <param name="feature">The feature column.</param>
    /// <param name="format">What the column holds.</param>
    /// <param name="checkAlive">Called for every row that is read once more; throws to stop.</param>
    /// <exception cref="InvalidOperationException">The data cannot be read.</exception>
    public static bool MoveNext(
        DataViewRowCursor cursor, IDataView data, DataViewSchema.Column feature, FeatureFormat format, Action? checkAlive = null)
    {
        var read = cursor.Position + 1;
        try
        {
            return cursor.MoveNext();
        }
        catch (Exception fault) when (IsOfData(fault))
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"beyond its first {read} rows ");
            var named = DataAtRest.Is(data) ? Find(data, feature, format, fault.GetBaseException(), checkAlive) : null;
            throw UserFault.Of(named ?? Unplaced(feature, place, fault));
        }
    }

    /// <summary>Opens or moves a cursor for which no row is to be named, and says in a sentence of ours where that fails.</summary>
    /// <param name="read">Does it.</param>
    /// <param name="column">The column that is read.</param>
    /// <exception cref="InvalidOperationException">The data cannot be read.</exception>
    public static T Outside<T>(Func<T> read, DataViewSchema.Column column)
    {
        try
        {
            return read();
        }
        catch (Exception fault) when (IsOfData(fault))
        {
            throw UserFault.Of(Unplaced(column, string.Empty, fault));
        }
    }

    /// <summary>Returns whether an exception says something about the data, and not about the process or a wish to stop.</summary>
    /// <param name="fault">The exception.</param>
    public static bool IsOfData(Exception fault) => fault is not OperationCanceledException and not OutOfMemoryException;

    // The fault of the second reading where it is the first one again; nothing where that went well or failed for another reason.
    private static Exception? Find(
        IDataView data, DataViewSchema.Column feature, FeatureFormat format, Exception first, Action? checkAlive)
    {
        var (row, isFetching) = (0L, false);
        try
        {
            using var cursor = data.GetRowCursorSet([feature, .. RowReader.TextColumns(data)], 1)[0];
            using var reader = new RowReader(cursor, feature, format);
            var pixels = new float[format.Shape.Size];
            while (cursor.MoveNext())
            {
                checkAlive?.Invoke();
                isFetching = true;
                reader.Fetch(pixels);
                (row, isFetching) = (cursor.Position + 1, false);
            }

            return null;
        }
        catch (Exception again) when (IsOfData(again))
        {
            var cause = again.GetBaseException();
            if (cause.GetType() != first.GetType())
            {
                return null;
            }

            var place = string.Create(CultureInfo.InvariantCulture, $"at row {row} ");
            // a row that is named may be another bad one
            return isFetching ? again : cause.Message == first.Message ? Unplaced(feature, place, again) : null;
        }
    }

    private static InvalidOperationException Unplaced(DataViewSchema.Column feature, string place, Exception fault) => new(
        $"The data before NoProp could not be read {place}for column '{feature.Name}': {fault.GetBaseException().Message.TrimEnd('.')}. " +
        "Mend it, or remove its rows that cannot be read.",
        fault);
}
