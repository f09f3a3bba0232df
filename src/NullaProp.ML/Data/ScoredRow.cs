using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Data;

/// <summary>A row with its scores, computed at the first read after the row underneath has moved.</summary>
internal sealed class ScoredRow : DataViewRow
{
    private readonly ScoredSchema _schema;
    private readonly DataViewRow _row;
    private readonly IBatchScorer _scorer;
    private readonly HashSet<int> _active;
    private readonly RowReader? _reader;
    private readonly float[] _pixels;
    private readonly float[] _scores;
    private readonly float[] _disagreement; // empty where nobody asks
    private long _scored = long.MinValue;

    /// <summary>Creates the row.</summary>
    /// <param name="schema">The model, bound to the row's schema.</param>
    /// <param name="row">The row underneath; owned from here on.</param>
    /// <param name="active">The columns asked for.</param>
    /// <param name="scorer">The scorer.</param>
    public ScoredRow(ScoredSchema schema, DataViewRow row, IEnumerable<DataViewSchema.Column> active, IBatchScorer scorer)
    {
        (_schema, _row, _scorer) = (schema, row, scorer);
        var columns = active.ToList();
        _active = [.. columns.Select(column => column.Index)];
        var scores = _active.Any(index => index >= schema.Input.Count);
        _reader = scores ? new RowReader(row, schema.Feature, schema.Format) : null;
        _pixels = new float[scores ? scorer.Shape.Size : 0];
        _scores = new float[scorer.ClassCount];
        _disagreement = new float[schema.DisagreementCount(columns, rows: 1)];
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema => _schema.Output;

    /// <inheritdoc/>
    public override long Position => _row.Position;

    /// <inheritdoc/>
    public override long Batch => _row.Batch;

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => _row.GetIdGetter();

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        TypedGetter.CheckActive(this, column);
        return _schema.IsAdded(column)
            ? TypedGetter.As<TValue>(new ScoreGetters(_schema.Columns, Scores).Of(_schema.Added(column)), column)
            : _row.GetGetter<TValue>(_schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _row.Dispose();
        }

        base.Dispose(disposing);
    }

    private RowScores Scores()
    {
        if (_scored != _row.Position)
        {
            _scored = long.MinValue; // a fault below must not leave the last row's score behind
            _reader!.Read(_pixels);
            _scorer.Score(_pixels, 1, _scores, _disagreement);
            FiniteScores.Check(_scores, _scores.Length, _row.Position);
            _scored = _row.Position;
        }

        return new RowScores(_scores, _disagreement.FirstOrDefault());
    }
}
