using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Scoring;

/// <summary>Goes through data with scores: reads a batch of rows, scores it, and hands it out row by row.</summary>
internal sealed class ScoredCursor : DataViewRowCursor
{
    private readonly ScoredSchema _schema;
    private readonly HashSet<int> _active;
    private readonly ScoringBatch _batch;
    private readonly RowsAhead _rows;
    private readonly ScoreGetters _scores;
    private int _place = -1; // −1: on no row
    private int _next;
    private bool _hasEnded;
    private bool _hasFailed;

    /// <summary>Creates the cursor.</summary>
    /// <param name="source">The data.</param>
    /// <param name="rows">A cursor over it, with <paramref name="active"/> and what scoring needs; owned once this has returned.</param>
    /// <param name="schema">The model, bound to the data's schema.</param>
    /// <param name="active">The columns asked for.</param>
    /// <param name="scorer">The scorer.</param>
    /// <param name="clock">Tells how fast rows come.</param>
    public ScoredCursor(
        IDataView source,
        DataViewRowCursor rows,
        ScoredSchema schema,
        IReadOnlyList<DataViewSchema.Column> active,
        IBatchScorer scorer,
        TimeProvider clock)
    {
        _schema = schema;
        _active = [.. active.Select(column => column.Index)];
        _batch = new ScoringBatch(scorer, ScoringBatch.Rows(scorer.Shape, scorer.ClassCount), schema.NeedsDisagreement(active));
        var pace = new BatchPace(_batch.Capacity, clock);
        _rows = new RowsAhead(source, rows, schema, schema.PassedThrough(active), _batch, pace, Place);
        _scores = new ScoreGetters(schema, () => _batch[Place()]);
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _place < 0 ? -1 : _rows.Position(_place);

    /// <inheritdoc/>
    public override long Batch => _place < 0 ? 0 : _rows.Batch(_place);

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The row cannot be read or scored, or an earlier one could not.</exception>
    public override bool MoveNext()
    {
        _place = -1;
        if (_hasEnded)
        {
            return false;
        }

        if (_hasFailed)
        {
            throw new InvalidOperationException(
                "This cursor met a fault earlier and has lost its place. Open a new one once the fault is mended.");
        }

        _hasFailed = true; // until the row is ready: a fault must leave no stale score behind
        var place = _next;
        if (place == _rows.Count)
        {
            _hasEnded = !_rows.Read();
            if (_hasEnded)
            {
                return false;
            }

            _batch.Score(_rows.Count);
            place = 0;
        }

        _batch.CheckFinite(place, _rows.Position(place));
        (_place, _next, _hasFailed) = (place, place + 1, false);
        return true;
    }

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => _rows.IdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        TypedGetter.CheckActive(this, column);
        return _schema.IsAdded(column) ? _scores.Of<TValue>(column) : _rows.Getter<TValue>(_schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            (_place, _hasEnded) = (-1, true);
            _rows.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Place() => _place >= 0
        ? _place
        : throw new InvalidOperationException(
            "A value was asked for while the cursor stands on no row: call MoveNext first, and not after it returned false.");
}
