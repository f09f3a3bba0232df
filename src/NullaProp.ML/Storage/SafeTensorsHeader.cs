using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>The header of a safetensors file.</summary>
/// <param name="Entries">The tensors in the order of their data.</param>
/// <param name="Metadata">Free texts by name.</param>
internal sealed record SafeTensorsHeader(IReadOnlyList<TensorEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The one name that no tensor may have: it holds the free texts.</summary>
    public const string MetadataName = "__metadata__";

    // Names stay readable in the file, as the reference implementation writes them; it is no HTML.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Lays the tensors out one behind the other.</summary>
    public static SafeTensorsHeader Of(
        IReadOnlyList<KeyValuePair<string, Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata)
    {
        var names = new HashSet<string>(StringComparer.Ordinal) { MetadataName };
        var entries = new List<TensorEntry>(tensors.Count);
        var end = 0L;
        foreach (var (name, tensor) in tensors)
        {
            if (!names.Add(name))
            {
                throw new ArgumentException(
                    $"Tensor '{name}' cannot be written: each name must be unique, and '{MetadataName}' is reserved.", nameof(tensors));
            }
            entries.Add(Entry(name, tensor, end));
            end = entries[^1].End;
        }
        if (end > SafeTensors.LargestData)
        {
            throw new ArgumentException(
                $"The tensors take {end} bytes, but a file may hold at most {SafeTensors.LargestData}.", nameof(tensors));
        }
        return new SafeTensorsHeader(entries, metadata ?? new Dictionary<string, string>());
    }

    private static TensorEntry Entry(string name, Tensor tensor, long begin)
    {
        var type = ElementType.Of(tensor.dtype)
            ?? throw new NotSupportedException(
                $"Tensor '{name}' has elements of type {tensor.dtype}, but a file holds {ElementType.AllNames}. Convert it first.");
        return new TensorEntry(name, type, tensor.shape, begin, checked(begin + (tensor.NumberOfElements * type.Size)));
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
                $"The names, shapes and metadata take {length} bytes, but a header may take at most {SafeTensors.LongestHeader}.");
        var bytes = new byte[length];
        bytes.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(bytes);
        return bytes;
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (Metadata.Count > 0)
            WriteMetadata(json);
        foreach (var entry in Entries)
            Write(json, entry);
        json.WriteEndObject();
    }

    private void WriteMetadata(Utf8JsonWriter json)
    {
        json.WriteStartObject(MetadataName);
        // A dictionary has no order of its own, but the same content must give the same bytes.
        foreach (var (name, text) in Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            json.WriteString(Text(name), Text(text));
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
