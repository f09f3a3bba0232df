using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Scoring;

/// <summary>Data with scores behind it. Lazy: nothing is scored before a cursor asks, and then a batch at a time.</summary>
/// <param name="source">The data; each cursor opens it once.</param>
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
    /// <remarks>The order never changes, whatever <paramref name="rand"/> is: this view says that it cannot shuffle.</remarks>
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        ArgumentNullException.ThrowIfNull(columnsNeeded);
        var active = columnsNeeded.ToList();
        var isScored = active.Exists(schema.IsAdded);
        var rows = source.GetRowCursor(schema.Dependencies(active));
        try
        {
            return isScored
                ? new ScoredCursor(source, rows, schema, active, scorer, TimeProvider.System)
                : new UnscoredCursor(schema, rows, active);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>One cursor, whatever <paramref name="n"/> is: the network uses all cores already.</remarks>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>Goes through the data where no score is asked for: the source's own cursor under the output's schema.</summary>
/// <param name="schema">The model, bound to the data's schema.</param>
/// <param name="rows">A cursor over the data; owned from here on.</param>
/// <param name="active">The columns asked for.</param>
internal sealed class UnscoredCursor(ScoredSchema schema, DataViewRowCursor rows, IEnumerable<DataViewSchema.Column> active)
    : DataViewRowCursor
{
    private readonly HashSet<int> _active = [.. active.Select(column => column.Index)];

    /// <inheritdoc/>
    public override DataViewSchema Schema => schema.Output;

    /// <inheritdoc/>
    public override long Position => rows.Position;

    /// <inheritdoc/>
    public override long Batch => rows.Batch;

    /// <inheritdoc/>
    public override bool MoveNext() => rows.MoveNext();

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => rows.GetIdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        TypedGetter.CheckActive(this, column);
        return rows.GetGetter<TValue>(schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rows.Dispose();
        }

        base.Dispose(disposing);
    }
}
