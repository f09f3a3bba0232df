using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NullaProp.ML.Storage;

/// <summary>The header of a safetensors file.</summary>
/// <param name="Entries">The tensors in the order of their data.</param>
internal sealed record SafeTensorsHeader(IReadOnlyList<TensorEntry> Entries)
{
    /// <summary>The one name that no tensor may have: it holds free texts, which this library neither writes nor uses.</summary>
    public const string MetadataName = "__metadata__";

    // Names stay readable in the file, as the reference implementation writes them; it is no HTML.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Lays tensors of single precision out one behind the other.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved, or the tensors are too large to be read again.</exception>
    public static SafeTensorsHeader Of(IReadOnlyCollection<NamedTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { MetadataName };
        var entries = new List<TensorEntry>(tensors.Count);
        var end = 0L;
        foreach (var tensor in tensors)
        {
            if (!names.Add(tensor.Name))
            {
                throw new ArgumentException(
                    $"Tensor '{tensor.Name}' cannot be written: each name must be unique, and '{MetadataName}' is reserved.", nameof(
                        tensors));
            }

            var count = tensor.Shape.Aggregate(1L, (product, size) => checked(product * size));
            entries.Add(new TensorEntry(
                tensor.Name,
                ElementType.Single,
                [.. tensor.Shape],
                end,
                checked(end + (count * ElementType.Single.Size))));
            end = entries[^1].End;
        }

        return end <= SafeTensors.LargestData
            ? new SafeTensorsHeader(entries)
            : throw new ArgumentException(
                $"The tensors take {end} bytes, but a file may hold at most {SafeTensors.LargestData}.",
                nameof(tensors));
    }

    /// <summary>Returns the header as the file holds it, with spaces behind it so that the data begins at a multiple of 8 bytes.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Json))
            Write(json);

        var length = (buffer.WrittenCount + 7) / 8 * 8;
        if (length > SafeTensors.LongestHeader)
            throw new ArgumentException(
                $"The names and shapes take {length} bytes, but a header may take at most {SafeTensors.LongestHeader}.");
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(bytes);
        return bytes;
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        foreach (var entry in Entries)
            Write(json, entry);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TensorEntry entry)
    {
        json.WriteStartObject(Text(entry.Name));
        json.WriteString("dtype", entry.Type.Name);
        Write(json, "shape", entry.Shape);
        Write(json, "data_offsets", [entry.Begin, entry.End]);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    /// <summary>Half a character would be written as U+FFFD, and two names might become one.</summary>
    private static string Text(string text) => text.EnumerateRunes().Contains(Rune.ReplacementChar)
        ? throw new ArgumentException($"The text '{text}' cannot be written: it holds half a character or U+FFFD, but must be Unicode.")
        : text;
}
