using System.Buffers.Binary;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>
/// Writes and reads tensors in the safetensors format (github.com/huggingface/safetensors, README, "Format"): 8 bytes with the
/// length of the header, little-endian; the header, a JSON object; then the tensors' bytes, row-major, without a gap.
/// </summary>
internal static class SafeTensors
{
    /// <summary>The longest header, in bytes: the limit of the reference implementation.</summary>
    public const int LongestHeader = 100_000_000;

    /// <summary>The most bytes that all tensors of a file may take together: 16 GiB, far above any model of this library.</summary>
    public const long LargestData = 16L << 30;

    private const int PrefixLength = sizeof(ulong);
    private const int HeaderChunk = 1 << 16;

    /// <summary>Writes tensors in the order given. The stream need not seek, and nothing is written if an argument is wrong.</summary>
    /// <param name="stream">Where the bytes go, from its current position on.</param>
    /// <param name="tensors">The tensors by name, of any shape and memory layout, on any device.</param>
    /// <param name="metadata">Free texts by name; they are written in the order of their names.</param>
    /// <exception cref="ArgumentException">
    /// A name occurs twice, is reserved or is no valid text, or the file would be too large to be read again.
    /// </exception>
    /// <exception cref="NotSupportedException">The format has no name for the type of a tensor's elements.</exception>
    public static void Write(
        Stream stream,
        IEnumerable<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        var named = tensors.ToList();
        var header = SafeTensorsHeader.Of(named, metadata).ToBytes();
        Span<byte> prefix = stackalloc byte[PrefixLength];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);

        stream.Write(prefix);
        stream.Write(header);
        foreach (var (_, tensor) in named)
            TensorData.Write(stream, tensor);
    }

    /// <summary>
    /// Reads tensors up to the end of the stream, which need not seek. Nothing in it is trusted: a claim about sizes costs
    /// no more memory than the bytes that really follow it.
    /// </summary>
    /// <param name="stream">Where the bytes come from, from its current position on.</param>
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="FormatException">
    /// The bytes are no safetensors file, or a larger one than is allowed. No tensor stays allocated.
    /// </exception>
    public static StoredTensors Read(Stream stream, long largestData = LargestData)
    {
        var header = SafeTensorsHeaderParser.Parse(ReadHeader(stream), largestData);
        var tensors = new OrderedDictionary<string, Tensor>();
        var stored = new StoredTensors(tensors, header.Metadata);
        try
        {
            foreach (var entry in header.Entries)
                tensors.Add(entry.Name, TensorData.Read(stream, entry));
            RequireEnd(stream);
            return stored;
        }
        catch
        {
            stored.Dispose();
            throw;
        }
    }

    /// <summary>Reads tensors of single precision into managed memory.</summary>
    /// <param name="stream">Where from, to its end.</param>
    /// <exception cref="FormatException">The data is damaged, or holds a tensor of another type.</exception>
    public static IReadOnlyDictionary<string, HostTensor> ReadSingles(Stream stream)
    {
        var header = SafeTensorsHeaderParser.Parse(ReadHeader(stream), LargestData);
        var tensors = new Dictionary<string, HostTensor>(StringComparer.Ordinal);
        foreach (var entry in header.Entries)
            tensors.Add(entry.Name, TensorData.ReadSingles(stream, entry));
        RequireEnd(stream);
        return tensors;
    }

    private static byte[] ReadHeader(Stream stream)
    {
        var length = ReadHeaderLength(stream);
        byte[] header = [];
        while (header.Length < length)
        {
            var filled = header.Length;
            // Doubling what has arrived keeps a false length from costing memory.
            Array.Resize(ref header, Math.Min(length, filled + Math.Max(filled, HeaderChunk)));
            var found = stream.ReadAtLeast(header.AsSpan(filled), header.Length - filled, throwOnEndOfStream: false);
            if (filled + found < header.Length)
                throw new FormatException(
                    $"The safetensors data ends after {filled + found} bytes of its header, but the header needs {length}.");
        }
        return header;
    }

    private static int ReadHeaderLength(Stream stream)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        var found = stream.ReadAtLeast(prefix, PrefixLength, throwOnEndOfStream: false);
        if (found < PrefixLength)
            throw new FormatException(
                $"The safetensors data ends after {found} bytes, but its first {PrefixLength} must hold the length of the header.");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > LongestHeader)
            throw new FormatException(
                $"The header of the safetensors data claims {length} bytes, but at most {LongestHeader} are allowed.");
        return (int)length;
    }

    private static void RequireEnd(Stream stream)
    {
        if (stream.ReadByte() >= 0)
            throw new FormatException("The safetensors data goes on after its last tensor, but it must end there.");
    }
}
