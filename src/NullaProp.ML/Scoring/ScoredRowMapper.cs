using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Scoring;

/// <summary>Scores single rows, for <c>PredictionEngine</c>.</summary>
/// <param name="schema">The model, bound to the rows' schema.</param>
/// <param name="scorer">The scorer.</param>
internal sealed class ScoredRowMapper(ScoredSchema schema, IBatchScorer scorer) : IRowToRowMapper
{
    /// <inheritdoc/>
    public DataViewSchema InputSchema => schema.Input;

    /// <inheritdoc/>
    public DataViewSchema OutputSchema => schema.Output;

    /// <inheritdoc/>
    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        ArgumentNullException.ThrowIfNull(dependingColumns);
        return schema.Dependencies(dependingColumns.ToList(), RowReader.TextColumns(schema.Input));
    }

    /// <inheritdoc/>
    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(activeColumns);
        if (!ReferenceEquals(input.Schema, schema.Input))
        {
            throw new ArgumentException(
                "The row has another schema than the one this mapper was made for. Ask the model for a mapper with the row's own schema.",
                nameof(input));
        }

        return new ScoredRow(schema, input, activeColumns, scorer);
    }
}

/// <summary>A row with its scores, computed at the first read after the row underneath has moved.</summary>
internal sealed class ScoredRow : DataViewRow
{
    private readonly ScoredSchema _schema;
    private readonly DataViewRow _row;
    private readonly HashSet<int> _active;
    private readonly RowReader? _reader;
    private readonly ScoringBatch? _batch;
    private readonly ScoreGetters _scores;
    private long _scored = long.MinValue;

    /// <summary>Creates the row.</summary>
    /// <param name="schema">The model, bound to the row's schema.</param>
    /// <param name="row">The row underneath; owned from here on.</param>
    /// <param name="active">The columns asked for.</param>
    /// <param name="scorer">The scorer.</param>
    public ScoredRow(ScoredSchema schema, DataViewRow row, IEnumerable<DataViewSchema.Column> active, IBatchScorer scorer)
    {
        (_schema, _row) = (schema, row);
        var columns = active.ToList();
        _active = [.. columns.Select(column => column.Index)];
        _scores = new ScoreGetters(schema, Scores);
        if (columns.Exists(schema.IsAdded))
        {
            _reader = new RowReader(row, schema.Feature, schema.Format, scorer.Range, isNumbered: false);
            _batch = new ScoringBatch(scorer, mostRows: 1, schema.NeedsDisagreement(columns));
        }
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
        return _schema.IsAdded(column) ? _scores.Of<TValue>(column) : _row.GetGetter<TValue>(_schema.Input[column.Index]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _reader?.Dispose();
            _row.Dispose();
        }

        base.Dispose(disposing);
    }

    private RowScores Scores()
    {
        if (_scored != _row.Position)
        {
            _scored = long.MinValue; // a fault below must not leave the last row's score behind
            _reader!.Read(_batch!.Pixels(0));
            _batch.Score(1);
            _batch.CheckFinite(0, position: null);
            _scored = _row.Position;
        }

        return _batch![0];
    }
}
