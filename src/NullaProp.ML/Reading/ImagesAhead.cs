using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Reading;

/// <summary>
/// Goes through rows whose images are made by <see cref="NoPropCatalog.LoadImageFiles"/>, and decodes those of some rows at once, on
/// several threads. There is one cursor over what lies below, which is moved on one thread; rows, images and faults come in its order.
/// The image of a row is read once.
/// </summary>
internal sealed class ImagesAhead : DataViewRowCursor
{
    private const int BytesPerPixel = 4;
    private const int MostBytes = 64 << 20; // of images at once
    private const int RowsPerThread = 4; // so that a large image among small ones keeps no thread waiting for long

    private readonly DataViewRowCursor _rows;
    private readonly DataViewSchema.Column _feature;
    private readonly Func<Func<MLImage>> _next;
    private readonly Dictionary<int, IKeptColumn> _columns; // by index
    private readonly int _threads;
    private readonly int _capacity; // in rows
    private readonly List<(long Position, long Batch)> _places = [];
    private readonly List<Func<MLImage>> _makers = [];
    private (MLImage? Image, ExceptionDispatchInfo? Fault)[] _images = [];
    private ExceptionDispatchInfo? _fault; // of the source, behind the rows that it gave
    private bool _hasEnded;
    private int _place = -1;

    private ImagesAhead(
        IDataView data,
        DataViewRowCursor rows,
        DataViewSchema.Column feature,
        Func<Func<MLImage>> next,
        IEnumerable<DataViewSchema.Column> columns,
        int threads)
    {
        (Schema, _rows, _feature, _next, _threads) = (data.Schema, rows, feature, next, threads);
        var type = (ImageDataViewType)feature.Type;
        _capacity = (int)Math.Clamp(MostBytes / ((long)BytesPerPixel * type.Height * type.Width), 1, RowsPerThread * threads);
        _columns = columns.DistinctBy(column => column.Index).ToDictionary(
            column => column.Index, column => Kept(rows, rows.Schema[column.Index], () => _place));
    }

    /// <inheritdoc/>
    public override DataViewSchema Schema { get; }

    /// <inheritdoc/>
    public override long Position => _place < 0 ? -1 : _places[_place].Position;

    /// <inheritdoc/>
    public override long Batch => _place < 0 ? 0 : _places[_place].Batch;

    /// <summary>Returns a cursor: of this kind where the data is of image files and there are threads, else the data's own.</summary>
    /// <param name="data">The data.</param>
    /// <param name="feature">The feature column.</param>
    /// <param name="columns">The other columns to read: keys, numbers of single precision, texts.</param>
    /// <param name="order">The source of a random order; <see langword="null"/> for the data's own.</param>
    /// <param name="threads">The most threads that decode.</param>
    public static DataViewRowCursor Cursor(
        IDataView data,
        DataViewSchema.Column feature,
        IReadOnlyList<DataViewSchema.Column> columns,
        Random? order,
        int threads)
    {
        if (threads == 1
            || AddedColumn.LastOf(data) is not ({ Images: { } images } added, var below)
            || feature.Index < below.Schema.Count
            || columns.Any(column => column.Index >= below.Schema.Count || below.Schema[column.Index].Name != column.Name
                || !CanBeKept(column.Type.RawType)))
        {
            return data.GetRowCursor([feature, .. columns], order);
        }

        var rows = below.GetRowCursor([added.Source, .. columns.Select(column => below.Schema[column.Index])], order);
        try
        {
            return new ImagesAhead(data, rows, feature, images(rows), columns, threads);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool MoveNext()
    {
        if (++_place < _places.Count)
        {
            return true;
        }

        Clear();
        if (!_hasEnded && _fault is null)
        {
            Read();
            _images = [.. _makers.AsParallel().AsOrdered().WithDegreeOfParallelism(_threads).Select(Made)];
        }

        if (_places.Count == 0)
        {
            _fault?.Throw();
            return false;
        }

        _place = 0;
        return true;
    }

    /// <inheritdoc/>
    public override bool IsColumnActive(DataViewSchema.Column column) =>
        column.Index == _feature.Index || _columns.ContainsKey(column.Index);

    /// <inheritdoc/>
    public override ValueGetter<DataViewRowId> GetIdGetter() => throw new NotSupportedException("Nobody asks for the ids of these rows.");

    /// <inheritdoc/>
    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        (ValueGetter<TValue>)(column.Index == _feature.Index ? (ValueGetter<MLImage>)Image : _columns[column.Index].Getter);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Clear();
            _rows.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Read()
    {
        try
        {
            while (_places.Count < _capacity)
            {
                if (!_rows.MoveNext())
                {
                    _hasEnded = true;
                    return;
                }

                var maker = Next();
                foreach (var column in _columns.Values)
                {
                    column.Keep(_places.Count);
                }

                _makers.Add(maker);
                _places.Add((_rows.Position, _rows.Batch));
            }
        }
        catch (Exception fault)
        {
            _fault = ExceptionDispatchInfo.Capture(fault);
        }
    }

    // What a row's image is made of may be unreadable, which is a fault of that row alone.
    private Func<MLImage> Next()
    {
        try
        {
            return _next();
        }
        catch (Exception fault) when (FaultyRow.IsOfData(fault))
        {
            var captured = ExceptionDispatchInfo.Capture(fault);
            return () =>
            {
                captured.Throw();
                return null!;
            };
        }
    }

    private static (MLImage? Image, ExceptionDispatchInfo? Fault) Made(Func<MLImage> make)
    {
        try
        {
            return (make(), null);
        }
        catch (Exception fault)
        {
            return (null, ExceptionDispatchInfo.Capture(fault));
        }
    }

    // As the getter of the transform: who is given an image gives it back for the next.
    private void Image(ref MLImage image)
    {
        image?.Dispose();
        image = null!;
        var (made, fault) = _images[_place];
        fault?.Throw();
        _images[_place].Image = null; // the reader's from here on
        image = made!;
    }

    private void Clear()
    {
        foreach (var (image, _) in _images)
        {
            image?.Dispose();
        }

        _images = [];
        _makers.Clear();
        _places.Clear();
        _place = -1;
    }

    private static bool CanBeKept(Type type) => type == typeof(uint) || type == typeof(float) || type == typeof(ReadOnlyMemory<char>);

    private static IKeptColumn Kept(DataViewRow row, DataViewSchema.Column column, Func<int> place) => column.Type.RawType switch
    {
        var type when type == typeof(uint) => new KeptColumn<uint>(row.GetGetter<uint>(column), place, value => value),
        var type when type == typeof(float) => new KeptColumn<float>(row.GetGetter<float>(column), place, value => value),
        _ => new KeptColumn<ReadOnlyMemory<char>>(
            row.GetGetter<ReadOnlyMemory<char>>(column), place, text => text.ToString().AsMemory()),
    };

    private interface IKeptColumn
    {
        Delegate Getter { get; }

        void Keep(int place);
    }

    // A value that cannot be read is a fault for who reads it.
    private sealed class KeptColumn<T>(ValueGetter<T> source, Func<int> place, Func<T, T> copy) : IKeptColumn
    {
        private readonly List<(T Value, ExceptionDispatchInfo? Fault)> _values = [];

        public Delegate Getter => (ValueGetter<T>)Read;

        public void Keep(int place)
        {
            _values.RemoveRange(place, _values.Count - place); // of the rows before
            try
            {
                T value = default!;
                source(ref value);
                _values.Add((copy(value), null));
            }
            catch (Exception fault) when (FaultyRow.IsOfData(fault))
            {
                _values.Add((default!, ExceptionDispatchInfo.Capture(fault)));
            }
        }

        private void Read(ref T value)
        {
            var (kept, fault) = _values[place()];
            fault?.Throw();
            value = kept;
        }
    }
}
