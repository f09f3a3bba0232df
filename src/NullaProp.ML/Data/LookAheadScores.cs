using Microsoft.ML;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Data;

/// <summary>Reads images ahead of the consumer with a cursor of its own, scores them in batches and hands the scores out row by row.</summary>
internal sealed class LookAheadScores : IDisposable
{
    private readonly IDataView _source;
    private readonly ScoredSchema _schema;
    private readonly DataViewRowCursor _ahead;
    private readonly RowReader _reader;
    private readonly IBatchScorer _scorer;
    private readonly int _size;
    private readonly int _batchRows;
    private readonly float[] _pixels;
    private readonly float[] _scores;
    private readonly float[] _disagreements; // empty where nobody asks
    private int _rows;
    private int _current = -1;
    private bool _hasFailed;

    /// <summary>Creates the look-ahead.</summary>
    /// <param name="source">The data, read by a cursor of its own in the same order as the consumer's.</param>
    /// <param name="schema">The model, bound to the data's schema.</param>
    /// <param name="active">The columns asked for.</param>
    /// <param name="scorer">The scorer.</param>
    public LookAheadScores(IDataView source, ScoredSchema schema, IEnumerable<DataViewSchema.Column> active, IBatchScorer scorer)
    {
        (_source, _schema) = (source, schema);
        _ahead = source.GetRowCursor(schema.Needed);
        _reader = new RowReader(_ahead, schema.Feature, schema.Format);
        _scorer = scorer;
        _size = scorer.Shape.Size;
        _batchRows = ScoringBatch.Rows(scorer.Shape);
        _pixels = new float[_batchRows * _size];
        _scores = new float[_batchRows * scorer.ClassCount];
        _disagreements = new float[schema.DisagreementCount(active, _batchRows)];
    }

    /// <summary>Gets the scores of the current row.</summary>
    public RowScores Current => _current >= 0 && _current < _rows
        ? new(_scores.AsMemory(_current * _scorer.ClassCount, _scorer.ClassCount), _disagreements.ElementAtOrDefault(_current))
        : throw new InvalidOperationException("A score was asked for while the cursor stands on no row: call MoveNext first, and not after it returned false.");

    /// <summary>Goes to the next row, scoring the next batch where this one is used up.</summary>
    /// <exception cref="InvalidOperationException">A row cannot be read, the data has fewer rows when read a second time, or an earlier batch failed.</exception>
    public void MoveNext()
    {
        if (++_current < _rows)
        {
            return;
        }

        (_current, _rows) = (0, 0);
        if (_hasFailed)
        {
            throw new InvalidOperationException("This cursor met a fault earlier and has lost its place. Open a new one once the fault is mended.");
        }

        _hasFailed = true; // until the batch is scored: a fault must leave no stale score behind
        var (first, rows) = ReadBatch();
        var scores = _scores.AsSpan(0, rows * _scorer.ClassCount);
        _scorer.Score(_pixels.AsSpan(0, rows * _size), rows, scores, _disagreements.AsSpan(0, Math.Min(rows, _disagreements.Length)));
        FiniteScores.Check(scores, _scorer.ClassCount, first);
        (_rows, _hasFailed) = (rows, false);
    }

    /// <summary>Moves a cursor over the data, and tells the row where that fails.</summary>
    /// <param name="cursor">The cursor.</param>
    /// <exception cref="InvalidOperationException">The data cannot be read.</exception>
    public bool Move(DataViewRowCursor cursor) => FaultyRow.MoveNext(cursor, _source, _schema.Feature, _schema.Format);

    /// <summary>Leaves the last row.</summary>
    public void End() => _current = _rows;

    /// <inheritdoc/>
    public void Dispose() => _ahead.Dispose();

    // Returns the number of the first row, and how many were read.
    private (long First, int Rows) ReadBatch()
    {
        var (first, rows) = (0L, 0);
        while (rows < _batchRows && Move(_ahead))
        {
            first = rows == 0 ? _ahead.Position : first;
            _reader.Read(_pixels.AsSpan(rows * _size, _size));
            rows++;
        }

        return rows > 0
            ? (first, rows)
            : throw new InvalidOperationException("The data gave fewer rows to the cursor that reads ahead than to the one that follows. Cache the data before NoProp if it changes from read to read.");
    }
}
