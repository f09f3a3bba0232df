using System.Runtime.InteropServices;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Storage;

/// <summary>Reads the bytes of one tensor from a stream.</summary>
internal static class TensorData
{
    /// <summary>How many bytes are asked from a stream at once, and allocated before the first has arrived.</summary>
    public const int Chunk = 1 << 22;

    /// <summary>Reads the tensor that the entry describes, as numbers of single precision.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="entry">The entry.</param>
    /// <exception cref="FormatException">Its elements are no fractions or too many for one array, or the stream ends too
    /// early.</exception>
    public static HostTensor Read(Stream stream, TensorEntry entry)
    {
        var convert = entry.Type.ToSingles
            ?? throw new FormatException(
                $"Tensor {entry.QuotedName} has the dtype {entry.Type.Name}, but must be {ElementType.FractionNames}.");
        if (entry.Count > Array.MaxLength)
        {
            throw new FormatException($"Tensor {entry.QuotedName} has {entry.Count} elements, but may have at most {Array.MaxLength}.");
        }

        var reader = new PartReader(stream, entry);
        var atOnce = Chunk / entry.Type.Size;
        var buffer = entry.Type == ElementType.Single ? [] : new byte[Math.Min(entry.Length, Chunk)];
        float[] values = [];
        for (var filled = 0; filled < entry.Count; filled = values.Length)
        {
            // Doubling what has arrived keeps a false size from costing memory.
            Array.Resize(ref values, (int)Math.Min(entry.Count, Math.Max(atOnce, 2L * filled)));
            for (var start = filled; start < values.Length; start += atOnce)
            {
                var part = values.AsSpan(start, Math.Min(atOnce, values.Length - start));
                if (buffer.Length == 0)
                {
                    reader.Fill(MemoryMarshal.AsBytes(part)); // as the file holds it
                }
                else
                {
                    var bytes = buffer.AsSpan(0, part.Length * entry.Type.Size);
                    reader.Fill(bytes);
                    convert(bytes, part);
                }
            }
        }

        return new(entry.Shape, values);
    }

    /// <summary>Reads over the tensor that the entry describes.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="entry">The entry.</param>
    /// <exception cref="FormatException">The stream ends too early.</exception>
    public static void Skip(Stream stream, TensorEntry entry)
    {
        var reader = new PartReader(stream, entry);
        var buffer = new byte[Math.Min(entry.Length, Chunk)];
        for (var left = entry.Length; left > 0; left -= buffer.Length)
        {
            reader.Fill(buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)));
        }
    }

    private sealed class PartReader(Stream stream, TensorEntry entry)
    {
        private long _read;

        public void Fill(Span<byte> bytes)
        {
            var found = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            _read += found;
            if (found < bytes.Length)
            {
                throw new FormatException(
                    $"The safetensors data ends after {_read} bytes of tensor {entry.QuotedName}, but it needs {entry.Length}.");
            }
        }
    }
}

/// <summary>What the header of a safetensors file says about one tensor.</summary>
/// <param name="Name">The tensor's name, unique in the file.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Shape">The size of each dimension, 0 or more; none for a scalar.</param>
/// <param name="Begin">Where the tensor's bytes begin, counted from the first byte after the header.</param>
/// <param name="End">Where the tensor's bytes end: the position after the last one.</param>
internal sealed record TensorEntry(string Name, ElementType Type, long[] Shape, long Begin, long End)
{
    /// <summary>The number of bytes.</summary>
    public long Length => End - Begin;

    /// <summary>The number of elements.</summary>
    public long Count => Length / Type.Size;

    /// <summary>The name as a message quotes it.</summary>
    public string QuotedName => Quoted(Name);

    /// <summary>Returns a text of a foreign file as a message quotes it: it may be millions of characters long.</summary>
    public static string Quoted(string text) => text.Length <= 80 ? $"'{text}'" : $"'{text[..80]}…'";

    /// <summary>Returns numbers as a message lists them.</summary>
    public static string Listed(long[] numbers) => $"[{string.Join(", ", numbers)}]";
}

/// <summary>The rules for where a foreign safetensors file says its tensors lie.</summary>
internal static class TensorLayout
{
    /// <summary>Requires that each tensor has the bytes its shape needs and begins where the one before it ends, from byte 0 on.</summary>
    /// <param name="entries">The tensors in the order of their data.</param>
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="FormatException">A rule is broken.</exception>
    public static void Check(IReadOnlyList<TensorEntry> entries, long largestData)
    {
        var end = 0L;
        foreach (var entry in entries)
        {
            CheckSize(entry);
            CheckBegin(entry, end);
            end = entry.End;
        }
        if (end > largestData)
            throw new FormatException($"The tensors of the safetensors data take {end} bytes, but at most {largestData} are allowed.");
    }

    private static void CheckSize(TensorEntry entry)
    {
        var size = Size(entry);
        if (entry.Length != size)
        {
            var needs = $"its dtype {entry.Type.Name} and shape {TensorEntry.Listed(entry.Shape)} need {size}";
            throw new FormatException($"Tensor {entry.QuotedName} has data_offsets that span {entry.Length} bytes, but {needs}.");
        }
    }

    private static long Size(TensorEntry entry)
    {
        long size = entry.Type.Size;
        try
        {
            // A zero must not hide an overflow in the other dimensions: libtorch multiplies them, too.
            foreach (var dimension in entry.Shape)
                size = checked(size * Math.Max(1, dimension));
        }
        catch (OverflowException exception)
        {
            var shape = TensorEntry.Listed(entry.Shape);
            throw new FormatException(
                $"Tensor {entry.QuotedName} has the shape {shape}, but its bytes must be fewer than 2^63.", exception);
        }
        return entry.Shape.Contains(0) ? 0 : size;
    }

    private static void CheckBegin(TensorEntry entry, long end)
    {
        if (entry.Begin != end)
        {
            var fault = entry.Begin < end ? "overlaps the tensor before it" : "leaves a hole";
            throw new FormatException(
                $"The data of tensor {entry.QuotedName} begins at byte {entry.Begin}, which {fault}, but it must begin at byte {end}.");
        }
    }
}

/// <summary>A type of tensor elements that a safetensors file may hold.</summary>
/// <param name="Name">The type's name in the file, for instance <c>F32</c>.</param>
/// <param name="Size">The size of one element, in bytes.</param>
/// <param name="ToSingles">Turns elements into numbers of single precision; <see langword="null"/> where they are no fractions.</param>
internal sealed record ElementType(string Name, int Size, ElementType.Conversion? ToSingles = null)
{
    private static readonly ElementType[] All =
    [
        new("F64", 8, FromDoubles),
        new("F32", 4, static (bytes, singles) => bytes.CopyTo(MemoryMarshal.AsBytes(singles))),
        new("F16", 2, FromHalves),
        new("BF16", 2, FromBrainFloats),
        new("I64", 8),
        new("I32", 4),
        new("I16", 2),
        new("I8", 1),
        new("U8", 1),
        new("BOOL", 1),
    ];

    /// <summary>Turns elements into numbers of single precision.</summary>
    /// <param name="bytes">The elements, as the file holds them.</param>
    /// <param name="singles">As many numbers.</param>
    public delegate void Conversion(ReadOnlySpan<byte> bytes, Span<float> singles);

    /// <summary>Gets single precision, the type of every weight of this library.</summary>
    public static ElementType Single { get; } = Named("F32")!;

    /// <summary>Gets all names, as a message lists them.</summary>
    public static string AllNames { get; } = string.Join(", ", All.Select(type => type.Name));

    /// <summary>Gets the names of those that become numbers of single precision, as a message lists them.</summary>
    public static string FractionNames { get; } = string.Join(
        ", ",
        All.Where(type => type.ToSingles is not null).Select(type => type.Name));

    /// <summary>Returns the type of that name in the file, or null if there is none.</summary>
    /// <param name="name">The name.</param>
    public static ElementType? Named(string name) => Array.Find(All, type => type.Name == name);

    private static void FromDoubles(ReadOnlySpan<byte> bytes, Span<float> singles)
    {
        var doubles = MemoryMarshal.Cast<byte, double>(bytes);
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = (float)doubles[i];
        }
    }

    private static void FromHalves(ReadOnlySpan<byte> bytes, Span<float> singles)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = (float)halves[i];
        }
    }

    // bfloat16 is the upper half of a single.
    private static void FromBrainFloats(ReadOnlySpan<byte> bytes, Span<float> singles)
    {
        var upper = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
        }
    }
}
