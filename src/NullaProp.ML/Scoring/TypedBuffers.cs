using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Scoring;

/// <summary>Keeps numbers, keys, times and the like.</summary>
internal sealed class PlainBuffer<T>(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    : ColumnBuffer<T>(row, column, current)
    where T : struct
{
    private T[] _values = [];

    /// <inheritdoc/>
    protected override long Copy(in T value, int place)
    {
        Set(ref _values, place, value);
        return Unsafe.SizeOf<T>();
    }

    /// <inheritdoc/>
    protected override void Read(int place, ref T value) => value = _values[place];
}

/// <summary>Keeps texts. Their consumers may keep them, too, so the memory of one is never used for another.</summary>
internal sealed class TextBuffer(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    : ColumnBuffer<ReadOnlyMemory<char>>(row, column, current)
{
    private ReadOnlyMemory<char>[] _values = [];

    /// <summary>Returns a text that never changes: part of a string as it is, other memory copied.</summary>
    /// <param name="text">The text.</param>
    public static ReadOnlyMemory<char> Own(ReadOnlyMemory<char> text) =>
        MemoryMarshal.TryGetString(text, out _, out _, out _) ? text : text.ToString().AsMemory();

    /// <summary>Returns the bytes that a text takes.</summary>
    /// <param name="text">The text.</param>
    public static long Bytes(ReadOnlyMemory<char> text) => Unsafe.SizeOf<ReadOnlyMemory<char>>() + ((long)text.Length * sizeof(char));

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        Array.Clear(_values);
    }

    /// <inheritdoc/>
    protected override long Copy(in ReadOnlyMemory<char> value, int place)
    {
        Set(ref _values, place, Own(value));
        return Bytes(value);
    }

    /// <inheritdoc/>
    protected override void Read(int place, ref ReadOnlyMemory<char> value) => value = _values[place];
}

/// <summary>Keeps vectors, dense ones dense and sparse ones sparse, one behind the other in memory that serves every batch.</summary>
internal class VectorBuffer<T>(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    : ColumnBuffer<VBuffer<T>>(row, column, current)
{
    private (int Length, int Start, int Count, int IndexStart)[] _vectors = []; // IndexStart is −1 for a dense vector
    private T[] _values = [];
    private int[] _indices = [];
    private int _valueCount;
    private int _indexCount;

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        (_valueCount, _indexCount) = (0, 0);
    }

    /// <summary>Copies the items of a vector.</summary>
    /// <param name="items">The items.</param>
    /// <param name="kept">Where to.</param>
    /// <returns>The bytes that they take.</returns>
    protected virtual long CopyItems(ReadOnlySpan<T> items, Span<T> kept)
    {
        items.CopyTo(kept);
        return (long)items.Length * Unsafe.SizeOf<T>();
    }

    /// <inheritdoc/>
    protected override long Copy(in VBuffer<T> value, int place)
    {
        var items = value.GetValues();
        Set(ref _vectors, place, (value.Length, _valueCount, items.Length, value.IsDense ? -1 : _indexCount));
        Reserve(ref _values, _valueCount + items.Length);
        var bytes = CopyItems(items, _values.AsSpan(_valueCount, items.Length));
        _valueCount += items.Length;
        if (!value.IsDense)
        {
            Reserve(ref _indices, _indexCount + items.Length);
            value.GetIndices().CopyTo(_indices.AsSpan(_indexCount));
            _indexCount += items.Length;
            bytes += (long)items.Length * sizeof(int);
        }

        return bytes;
    }

    /// <inheritdoc/>
    protected override void Read(int place, ref VBuffer<T> value)
    {
        var (length, start, count, indexStart) = _vectors[place];
        var editor = indexStart < 0 ? VBufferEditor.Create(ref value, length) : VBufferEditor.Create(ref value, length, count);
        _values.AsSpan(start, count).CopyTo(editor.Values);
        if (indexStart >= 0)
        {
            _indices.AsSpan(indexStart, count).CopyTo(editor.Indices);
        }

        value = editor.Commit();
    }
}

/// <summary>Keeps vectors of texts.</summary>
internal sealed class TextVectorBuffer(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    : VectorBuffer<ReadOnlyMemory<char>>(row, column, current)
{
    /// <inheritdoc/>
    protected override long CopyItems(ReadOnlySpan<ReadOnlyMemory<char>> items, Span<ReadOnlyMemory<char>> kept)
    {
        var bytes = 0L;
        for (var i = 0; i < items.Length; i++)
        {
            kept[i] = TextBuffer.Own(items[i]);
            bytes += TextBuffer.Bytes(items[i]);
        }

        return bytes;
    }
}

/// <summary>
/// Keeps images: the source may draw the next one into the same memory, or free it. The copies die with the batch. A consumer gets an image
/// of its own at each reading: it may keep it, or dispose of it. One that is given back is not freed, for <c>CreateEnumerable</c> and
/// <c>GetColumn</c> give back what their callers keep.
/// </summary>
internal sealed class ImageBuffer(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    : ColumnBuffer<MLImage>(row, column, current)
{
    private const int BytesPerPixel = 4;

    private MLImage?[] _values = [];

    /// <inheritdoc/>
    public override void Clear()
    {
        base.Clear();
        foreach (var image in _values.Where(CanBeCopied))
        {
            image!.Dispose();
        }

        Array.Clear(_values);
    }

    /// <inheritdoc/>
    protected override long Copy(in MLImage value, int place)
    {
        Set(ref _values, place, CanBeCopied(value) ? Copied(value) : value);
        return value is null || CanBeCopied(value) ? (long)BytesPerPixel * (value?.Width ?? 0) * (value?.Height ?? 0) : BatchPace.MostBytes;
    }

    /// <inheritdoc/>
    protected override void Read(int place, ref MLImage value) =>
        value = _values[place] is { } image && CanBeCopied(image) ? Copied(image) : _values[place]!;

    // ML.NET makes no image of other formats from pixels. One is handed on as it is, before the source moves on.
    private static bool CanBeCopied(MLImage? image) => image?.PixelFormat is MLPixelFormat.Bgra32 or MLPixelFormat.Rgba32;

    private static MLImage Copied(MLImage image)
    {
        var copy = MLImage.CreateFromPixels(image.Width, image.Height, image.PixelFormat, image.Pixels);
        copy.Tag = image.Tag;
        return copy;
    }
}

/// <summary>
/// Hands on values of types that the library does not know. An object of the user's cannot be copied, and the source may fill it anew for
/// its next row: so the source stays on its row until the consumer leaves it, and rows are scored one by one.
/// </summary>
internal sealed class ForeignBuffer<T> : ColumnBuffer
{
    private readonly ValueGetter<T> _source;
    private readonly Func<int> _current;

    /// <summary>Creates the buffer.</summary>
    /// <param name="row">The source's row.</param>
    /// <param name="column">The column, active in the row.</param>
    /// <param name="current">Returns the place in the batch on which the consumer stands, or throws.</param>
    public ForeignBuffer(DataViewRow row, DataViewSchema.Column column, Func<int> current)
    {
        (_source, _current) = (row.GetGetter<T>(column), current);
        Getter = (ValueGetter<T>)Read;
    }

    /// <inheritdoc/>
    public override Delegate Getter { get; }

    /// <inheritdoc/>
    public override Delegate Last => _source;

    /// <inheritdoc/>
    public override long Keep(int place) => BatchPace.MostBytes;

    private void Read(ref T value)
    {
        _current();
        _source(ref value);
    }
}
