using Microsoft.ML;

namespace NullaProp.ML.Data;

/// <summary>The checks that ML.NET makes when a getter is asked for.</summary>
internal static class TypedGetter
{
    /// <summary>Checks that a column may be read.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column.</param>
    /// <exception cref="InvalidOperationException">The column is not active or not of this row's schema.</exception>
    public static void CheckActive(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Index >= row.Schema.Count || !row.IsColumnActive(column))
        {
            throw new InvalidOperationException($"Column '{column.Name}' is not active. Name it among the needed columns when opening the cursor.");
        }
    }

    /// <summary>Returns a getter by its type.</summary>
    /// <param name="getter">The getter.</param>
    /// <param name="column">Its column.</param>
    /// <exception cref="InvalidOperationException">It reads values of another type.</exception>
    public static ValueGetter<TValue> As<TValue>(Delegate getter, DataViewSchema.Column column) =>
        getter as ValueGetter<TValue>
        ?? throw new InvalidOperationException($"Invalid TValue in GetGetter for column '{column.Name}': '{typeof(TValue)}', expected type: '{column.Type.RawType}'.");
}
