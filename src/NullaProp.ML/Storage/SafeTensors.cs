using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NullaProp.ML.Tensors;

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

    /// <summary>Writes tensors of single precision in the order given. The stream need not seek, and nothing is written if a name or size
    /// is wrong.</summary>
    /// <param name="stream">Where the bytes go, from its current position on.</param>
    /// <param name="tensors">The tensors; the values of each are asked for when its turn comes.</param>
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="ArgumentException">A name occurs twice, is reserved or is no valid text, or the file would be too large to be
    /// read again.</exception>
    public static void Write(Stream stream, IReadOnlyCollection<NamedTensor> tensors, long largestData = LargestData)
    {
        var header = SafeTensorsHeader.Of(tensors, largestData).ToBytes();
        Span<byte> prefix = stackalloc byte[PrefixLength];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);

        stream.Write(prefix);
        stream.Write(header);
        foreach (var tensor in tensors)
        {
            stream.Write(MemoryMarshal.AsBytes(tensor.Values().Values.AsSpan()));
        }
    }

    /// <summary>Reads the header, and leaves the stream where the data begins. A claim about sizes costs no more memory than the bytes
    /// that really follow it.</summary>
    /// <param name="stream">Where the bytes come from, from its current position on; it need not seek.</param>
    /// <param name="longestHeader">The most bytes that the header may take.</param>
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="FormatException">The bytes are no header of a safetensors file, or a longer one, or one of more data than is
    /// allowed.</exception>
    public static SafeTensorsHeader ReadHeader(Stream stream, int longestHeader = LongestHeader, long largestData = LargestData) =>
        SafeTensorsHeaderParser.Parse(ReadHeaderBytes(stream, longestHeader), largestData);

    /// <summary>Reads the tensors behind a header one by one, as numbers of single precision, up to the end of the stream.</summary>
    /// <param name="stream">Where the data begins.</param>
    /// <param name="header">The header.</param>
    /// <param name="isWanted">Which tensors are returned; the others are read over.</param>
    /// <exception cref="FormatException">The stream ends too early or goes on, or a wanted tensor has elements that are no
    /// fractions.</exception>
    public static IEnumerable<KeyValuePair<string, HostTensor>> ReadTensors(
        Stream stream,
        SafeTensorsHeader header,
        Func<string, bool> isWanted)
    {
        foreach (var entry in header.Entries)
        {
            if (isWanted(entry.Name))
            {
                yield return KeyValuePair.Create(entry.Name, TensorData.Read(stream, entry));
            }
            else
            {
                TensorData.Skip(stream, entry);
            }
        }

        if (stream.ReadByte() >= 0)
        {
            throw new FormatException("The safetensors data goes on after its last tensor, but it must end there.");
        }
    }

    private static byte[] ReadHeaderBytes(Stream stream, int longest)
    {
        var length = ReadHeaderLength(stream, longest);
        byte[] header = [];
        while (header.Length < length)
        {
            var filled = header.Length;

            // Doubling what has arrived keeps a false length from costing memory.
            Array.Resize(ref header, Math.Min(length, filled + Math.Max(filled, HeaderChunk)));
            var found = stream.ReadAtLeast(header.AsSpan(filled), header.Length - filled, throwOnEndOfStream: false);
            if (filled + found < header.Length)
            {
                throw new FormatException(
                    $"The safetensors data ends after {filled + found} bytes of its header, but the header needs {length}.");
            }
        }

        return header;
    }

    private static int ReadHeaderLength(Stream stream, int longest)
    {
        Span<byte> prefix = stackalloc byte[PrefixLength];
        var found = stream.ReadAtLeast(prefix, PrefixLength, throwOnEndOfStream: false);
        if (found < PrefixLength)
        {
            throw new FormatException(
                $"The safetensors data ends after {found} bytes, but its first {PrefixLength} must hold the length of the header.");
        }

        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        return length <= (ulong)longest
            ? (int)length
            : throw new FormatException($"The header of the safetensors data claims {length} bytes, but at most {longest} are allowed.");
    }
}

/// <summary>A tensor to write.</summary>
/// <param name="Name">Its name, unique in the file.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Values">Returns its values, of that shape.</param>
internal readonly record struct NamedTensor(string Name, IReadOnlyList<long> Shape, Func<HostTensor> Values);
