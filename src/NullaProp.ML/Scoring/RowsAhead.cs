using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Scoring;

/// <summary>
/// Reads a batch of rows ahead of the consumer, and keeps of each row what was asked for. There is one cursor over the source, so the score
/// of a row and its columns come from the same reading, whether or not the source is the same when it is read again.
/// </summary>
internal sealed class RowsAhead : IDisposable
{
    private readonly DataViewRowCursor _rows;
    private readonly SourceRows _source;
    private readonly ScoredSchema _schema;
    private readonly ScoringBatch _batch;
    private readonly BatchPace _pace;
    private readonly Func<int> _current;
    private readonly Dictionary<int, ColumnBuffer> _columns; // by index in the source
    private readonly RowReader _reader;
    private readonly ValueGetter<DataViewRowId>? _id; // null where the source has none
    private readonly (long Position, long Batch, DataViewRowId Id)[] _places;
    private ExceptionDispatchInfo? _fault;
    private bool _hasEnded;
    private long _bytes;

    /// <summary>Creates the reading.</summary>
    /// <param name="source">The data.</param>
    /// <param name="rows">A cursor over it, with <paramref name="active"/> and what scoring needs; owned once this has returned.</param>
    /// <param name="schema">The model, bound to the data's schema.</param>
    /// <param name="active">The columns of the source to keep.</param>
    /// <param name="batch">Where images are read to.</param>
    /// <param name="pace">How many rows to read at once.</param>
    /// <param name="current">Returns the place in the batch on which the consumer stands, or throws.</param>
    public RowsAhead(
        IDataView source,
        DataViewRowCursor rows,
        ScoredSchema schema,
        IEnumerable<DataViewSchema.Column> active,
        ScoringBatch batch,
        BatchPace pace,
        Func<int> current)
    {
        (_rows, _schema, _batch, _pace, _current) = (rows, schema, batch, pace, current);
        _source = SourceRows.Of(source, rows, schema);
        _columns = active
            .DistinctBy(column => column.Index)
            .ToDictionary(column => column.Index, column => ColumnBuffer.Of(rows, column, current));
        _reader = new RowReader(new KeepingRow(this), schema.Feature, schema.Format, batch.Known);
        _id = IdGetter(rows);
        _places = new (long, long, DataViewRowId)[batch.Capacity];
    }

    /// <summary>Gets the number of rows in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>Returns the number of a row in the data.</summary>
    /// <param name="place">The row's place in the batch.</param>
    public long Position(int place) => _places[place].Position;

    /// <summary>Returns which of ML.NET's batches a row is of.</summary>
    /// <param name="place">The row's place in the batch.</param>
    public long Batch(int place) => _places[place].Batch;

    /// <summary>Reads the next batch, which ends before a row that cannot be read: that fault is thrown by the next call.</summary>
    /// <returns><see langword="false"/> at the end of the data.</returns>
    /// <exception cref="InvalidOperationException">The first row cannot be read.</exception>
    public bool Read()
    {
        (Count, _bytes) = (0, 0);
        Clear();
        _fault?.Throw();
        var hasWaited = !_hasEnded && ReadRows();
        _pace.End(Count, hasWaited);
        return Count > 0;
    }

    /// <summary>Returns the getter of a column, which reads the row on which the consumer stands.</summary>
    /// <param name="column">A column of the source that is kept.</param>
    /// <exception cref="InvalidOperationException">It holds values of another type.</exception>
    public ValueGetter<TValue> Getter<TValue>(DataViewSchema.Column column) =>
        TypedGetter.As<TValue>(_columns[column.Index].Getter, column);

    /// <summary>Returns the getter of the row's id.</summary>
    public ValueGetter<DataViewRowId> IdGetter() =>
        _id is null ? _rows.GetIdGetter() : (ref DataViewRowId value) => value = _places[_current()].Id;

    /// <inheritdoc/>
    public void Dispose()
    {
        (Count, _hasEnded) = (0, true);
        Clear();
        _reader.Dispose();
        _source.Dispose();
    }

    // A source without ids is as good as any other while nobody asks for them.
    private static ValueGetter<DataViewRowId>? IdGetter(DataViewRowCursor rows)
    {
        try
        {
            return rows.GetIdGetter();
        }
        catch (Exception fault) when (fault is NotSupportedException or NotImplementedException)
        {
            return null;
        }
    }

    // Returns whether it ended because the next row did not come.
    private bool ReadRows()
    {
        do
        {
            try
            {
                if ((Count == 0 ? _source.MoveNext() : _source.TryMoveNext(_pace.Patience)) is not { } isRow)
                {
                    return true;
                }

                if (!isRow)
                {
                    _hasEnded = true;
                    return false;
                }

                KeepNext();
            }
            catch (Exception fault) when (Count > 0)
            {
                _fault = ExceptionDispatchInfo.Capture(fault);
                return false;
            }
        }
        while (!_pace.IsFull(Count, _bytes));
        return false;
    }

    private void KeepNext()
    {
        if (Count == 0)
        {
            _pace.Start();
        }

        DataViewRowId id = default;
        _id?.Invoke(ref id);
        _places[Count] = (_rows.Position, _rows.Batch, id);
        _reader.Read(_batch.Pixels(Count)); // keeps the features, too
        foreach (var (index, column) in _columns)
        {
            _bytes += index == _schema.Feature.Index ? 0 : column.Keep(Count);
        }

        Count++;
    }

    private void Clear()
    {
        foreach (var column in _columns.Values)
        {
            column.Clear();
        }
    }

    // The source's row for the reader of images. Where features are kept, they are kept as they are read: the source makes them once.
    private sealed class KeepingRow(RowsAhead ahead) : DataViewRow
    {
        public override DataViewSchema Schema => ahead._rows.Schema;

        public override long Position => ahead._rows.Position;

        public override long Batch => ahead._rows.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => ahead._rows.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => ahead._rows.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Index != ahead._schema.Feature.Index || !ahead._columns.TryGetValue(column.Index, out var features))
            {
                return ahead._rows.GetGetter<TValue>(column);
            }

            var last = TypedGetter.As<TValue>(features.Last, column);
            return (ref TValue value) =>
            {
                ahead._bytes += features.Keep(ahead.Count);
                last(ref value);
            };
        }
    }
}
