using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Scoring;

/// <summary>Keeps the values of a column in the rows of a batch, so that they can be read while the source stands further on.</summary>
internal abstract class ColumnBuffer : IDisposable
{
    /// <summary>Gets the getter for consumers: it reads the row on which they stand.</summary>
    public abstract Delegate Getter { get; }

    /// <summary>Gets a getter of the value that was kept last. It stays the buffer's, and holds until the next row is kept.</summary>
    public abstract Delegate Last { get; }

    /// <summary>Returns a buffer for a column of any type.</summary>
    /// <param name="row">The source's row.</param>
    /// <param name="column">The column, active in the row.</param>
    /// <param name="current">Returns the place in the batch on which the consumer stands, or throws.</param>
    public static ColumnBuffer Of(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    {
        var raw = column.Type.RawType;
        var buffer = raw switch
        {
            _ when raw == typeof(ReadOnlyMemory<char>) => typeof(TextBuffer),
            _ when raw == typeof(MLImage) => typeof(ImageBuffer),
            _ when IsPlain(raw) => typeof(PlainBuffer<>).MakeGenericType(raw),
            _ when raw == typeof(VBuffer<ReadOnlyMemory<char>>) => typeof(TextVectorBuffer),
            _ when IsPlainVector(raw) => typeof(VectorBuffer<>).MakeGenericType(raw.GenericTypeArguments),
            _ => typeof(ForeignBuffer<>).MakeGenericType(raw),
        };
        const BindingFlags constructor = BindingFlags.Instance | BindingFlags.Public | BindingFlags.DoNotWrapExceptions;
        return (ColumnBuffer)Activator.CreateInstance(buffer, constructor, binder: null, [row, column, current], culture: null)!;
    }

    /// <summary>Forgets the values of the last batch.</summary>
    public virtual void Clear()
    {
    }

    /// <summary>Keeps the value of the source's row, reading it once.</summary>
    /// <param name="place">The place in the batch: 0, 1, ….</param>
    /// <returns>
    /// The bytes that the value takes; <see cref="BatchPace.MostBytes"/> where the source must not move on before it is read.
    /// </returns>
    public abstract long Keep(int place);

    /// <inheritdoc/>
    public void Dispose() => Clear();

    // ML.NET's scalar types but for text; keys are whole numbers.
    private static bool IsPlain(Type type) => type.IsPrimitive || type == typeof(DateTime) || type == typeof(DateTimeOffset) ||
        type == typeof(TimeSpan) || type == typeof(DataViewRowId);

    private static bool IsPlainVector(Type type) => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>) &&
        IsPlain(type.GenericTypeArguments[0]);
}

/// <summary>Keeps values of a type.</summary>
internal abstract class ColumnBuffer<T> : ColumnBuffer
{
    private readonly ValueGetter<T> _source;
    private readonly Func<int> _current;
    private readonly Dictionary<int, ExceptionDispatchInfo> _faults = []; // by place
    private T _last = default!;
    private int _lastPlace;

    protected ColumnBuffer(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    {
        (_source, _current) = (row.GetGetter<T>(column), current);
        Getter = (ValueGetter<T>)ReadCurrent;
        Last = (ValueGetter<T>)ReadLast;
    }

    /// <inheritdoc/>
    public sealed override Delegate Getter { get; }

    /// <inheritdoc/>
    public sealed override Delegate Last { get; }

    /// <inheritdoc/>
    public override void Clear() => _faults.Clear();

    /// <inheritdoc/>
    /// <remarks>
    /// A value that cannot be read is a fault for those who read it, as without a buffer: the row has its score all the same.
    /// </remarks>
    public sealed override long Keep(int place)
    {
        _lastPlace = place;
        try
        {
            _source(ref _last);
            return Copy(in _last, place);
        }
        catch (Exception fault) when (fault is not OperationCanceledException and not OutOfMemoryException)
        {
            _faults[place] = ExceptionDispatchInfo.Capture(fault);
            return 0;
        }
    }

    /// <summary>Copies a value, of which the source may use the memory again for its next row.</summary>
    /// <param name="value">The value.</param>
    /// <param name="place">The place in the batch.</param>
    /// <returns>Its bytes.</returns>
    protected abstract long Copy(in T value, int place);

    /// <summary>Reads the value of a row as often as the consumer likes.</summary>
    /// <param name="place">The place in the batch.</param>
    /// <param name="value">The consumer's value.</param>
    protected abstract void Read(int place, ref T value);

    /// <summary>Sets an item of an array that grows.</summary>
    /// <param name="items">The array.</param>
    /// <param name="place">The item's place.</param>
    /// <param name="item">The item.</param>
    protected static void Set<TItem>(ref TItem[] items, int place, TItem item)
    {
        Reserve(ref items, place + 1);
        items[place] = item;
    }

    /// <summary>Makes an array large enough, keeping its items.</summary>
    /// <param name="items">The array.</param>
    /// <param name="length">The length needed.</param>
    protected static void Reserve<TItem>(ref TItem[] items, int length)
    {
        if (length > items.Length)
        {
            Array.Resize(ref items, (int)Math.Min(Array.MaxLength, Math.Max(length, 2L * items.Length)));
        }
    }

    private void ReadCurrent(ref T value)
    {
        var place = _current();
        ThrowFault(place);
        Read(place, ref value);
    }

    private void ReadLast(ref T value)
    {
        ThrowFault(_lastPlace);
        value = _last;
    }

    private void ThrowFault(int place)
    {
        if (_faults.TryGetValue(place, out var fault))
        {
            fault.Throw();
        }
    }
}
