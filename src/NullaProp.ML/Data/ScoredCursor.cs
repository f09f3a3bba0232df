using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Data;

/// <summary>Goes through scored data: passed-through columns come from the data's own cursor, scores from the look-ahead.</summary>
internal sealed class ScoredCursor : DataViewRowCursor
{
    private readonly ScoredSchema _schema;
    private readonly DataViewRowCursor _rows;
    private readonly LookAheadScores? _scores;
    private readonly HashSet<int> _active;
    private readonly Dictionary<int, Delegate> _getters = [];
    private bool _ended;

    /// <summary>Creates the cursor.</summary>
    /// <param name="schema">The model, bound to the data's schema.</param>
    /// <param name="rows">A cursor over the data; owned from here on.</param>
    /// <param name="active">The columns asked for.</param>
    /// <param name="scores">The look-ahead, owned from here on; <see langword="null"/> where no score is asked for.</param>
    public ScoredCursor(ScoredSchema schema, DataViewRowCursor rows, IEnumerable<DataViewSchema.Column> active, LookAheadScores? scores)
    {
        (_schema, _rows, _scores) = (schema, rows, scores);
        _active = [.. active.Select(column => column.Index)];
        if (scores is not null)
        {
            var getters = new ScoreGetters(schema.Columns, () => scores.Current);
            foreach (var column in schema.Output.Where(column => schema.IsAdded(column) && _active.Contains(column.Index)))
            {
                _getters[column.Index] = getters.Of(schema.Added(column));
            }
        }
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _rows.Position;

    /// <inheritdoc/>
    public override long Batch => _rows.Batch;

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (_ended)
        {
            return false;
        }

        _ended = !(_scores?.Move(_rows) ?? _rows.MoveNext());
        if (_ended)
        {
            _scores?.End();
            return false;
        }

        _scores?.MoveNext();
        return true;
    }

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => _rows.GetIdGetter();

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        TypedGetter.CheckActive(this, column);
        return _schema.IsAdded(column) ? TypedGetter.As<TValue>(_getters[column.Index], column) : _rows.GetGetter<TValue>(_schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _scores?.Dispose();
            _rows.Dispose();
        }

        base.Dispose(disposing);
    }
}
