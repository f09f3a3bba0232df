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
