using System.Runtime.InteropServices;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>Moves the bytes of one tensor between a stream and memory.</summary>
internal static class TensorData
{
    /// <summary>How many bytes are asked from a stream at once, and allocated before the first has arrived.</summary>
    public const int Chunk = 1 << 22;

    /// <summary>Writes the tensor's elements, row-major.</summary>
    public static void Write(Stream stream, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        // On the CPU and contiguous already, this copies nothing.
        tensor.detach().cpu().contiguous().WriteBytesToStream(stream, Chunk);
    }

    /// <summary>Reads the tensor that the entry describes. It lies on the CPU and in no dispose scope.</summary>
    /// <exception cref="FormatException">The stream ends too early, or a truth value is neither 0 nor 1.</exception>
    public static Tensor Read(Stream stream, TensorEntry entry)
    {
        using var scope = NewDisposeScope();
        var values = Allocate(entry, Math.Min(entry.Count, Chunk / entry.Type.Size));
        Fill(values, stream, entry, start: 0);
        while (values.NumberOfElements < entry.Count)
            values = Grow(values, stream, entry);
        return scope.Detach(values);
    }

    /// <summary>Reads the tensor that the entry describes into managed memory.</summary>
    /// <exception cref="FormatException">It is not of single precision, too large for one array, or the stream ends too early.</exception>
    public static HostTensor ReadSingles(Stream stream, TensorEntry entry)
    {
        if (entry.Type.Scalar != ScalarType.Float32)
            throw new FormatException($"Tensor {entry.QuotedName} has the dtype {entry.Type.Name}, but must be F32.");
        if (entry.Count > Array.MaxLength)
            throw new FormatException($"Tensor {entry.QuotedName} has {entry.Count} elements, but may have at most {Array.MaxLength}.");
        var values = new float[Math.Min(entry.Count, Chunk / sizeof(float))];
        Fill(MemoryMarshal.AsBytes(values.AsSpan()), stream, entry, start: 0);
        while (values.Length < entry.Count)
        {
            var filled = values.Length;
            Array.Resize(ref values, (int)Math.Min(entry.Count, 2L * filled));
            Fill(MemoryMarshal.AsBytes(values.AsSpan(filled)), stream, entry, (long)filled * sizeof(float));
        }
        return new(entry.Shape, values);
    }

    /// <summary>Doubling what has arrived keeps a false length from costing memory.</summary>
    private static Tensor Grow(Tensor values, Stream stream, TensorEntry entry)
    {
        var filled = values.NumberOfElements;
        var larger = Allocate(entry, Math.Min(entry.Count, 2 * filled));
        using (var flat = larger.view(-1))
        using (var head = flat.narrow(0, 0, filled))
            head.copy_(values).Dispose();
        values.Dispose();
        Fill(larger, stream, entry, filled);
        return larger;
    }

    private static Tensor Allocate(TensorEntry entry, long count) =>
        empty(count == entry.Count ? entry.Shape : [count], entry.Type.Scalar, CPU);

    private static void Fill(Tensor values, Stream stream, TensorEntry entry, long start)
    {
        using var flat = values.view(-1);
        var end = flat.NumberOfElements;
        while (start < end)
        {
            var length = Math.Min(end - start, Chunk / entry.Type.Size);
            using var part = flat.narrow(0, start, length);
            Fill(part.bytes, stream, entry, start * entry.Type.Size);
            start += length;
        }
    }

    private static void Fill(Span<byte> bytes, Stream stream, TensorEntry entry, long start)
    {
        var found = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (found < bytes.Length)
            throw new FormatException(
                $"The safetensors data ends after {start + found} bytes of tensor {entry.QuotedName}, but it needs {entry.Length}.");
        // Any other byte is a value that C++ does not define.
        if (entry.Type.Scalar == ScalarType.Bool && bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
            throw new FormatException($"Tensor {entry.QuotedName} of dtype BOOL holds a byte above 1, but needs 0 (false) or 1 (true).");
    }
}
