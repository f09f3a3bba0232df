using Microsoft.ML;

namespace NullaProp.ML.Data;

/// <summary>Data with scores behind it. Lazy: nothing is scored before a cursor asks, and then a batch at a time.</summary>
/// <param name="source">The data.</param>
/// <param name="schema">The model, bound to the data's schema.</param>
/// <param name="scorer">The model's scorer.</param>
internal sealed class ScoredDataView(IDataView source, ScoredSchema schema, IBatchScorer scorer) : IDataView
{
    /// <inheritdoc/>
    public bool CanShuffle => false;

    /// <inheritdoc/>
    public DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public long? GetRowCount() => source.GetRowCount();

    /// <inheritdoc/>
    /// <remarks>The order never changes, whatever <paramref name="rand"/> is: a batch looks ahead in the same order.</remarks>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var active = columnsNeeded.ToList();
        var rows = source.GetRowCursor(schema.PassedThrough(active));
        if (!active.Exists(schema.IsAdded))
        {
            return new ScoredCursor(schema, rows, active, scores: null);
        }

        return new ScoredCursor(schema, rows, active, new LookAheadScores(source, schema, active, scorer));
    }

    /// <inheritdoc/>
    /// <remarks>One cursor, whatever <paramref name="n"/> is: the network uses all cores already.</remarks>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
