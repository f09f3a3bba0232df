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
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is reserved, or the tensors are too large to be read again.</exception>
    public static SafeTensorsHeader Of(IReadOnlyCollection<NamedTensor> tensors, long largestData = SafeTensors.LargestData)
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

        return end <= largestData
            ? new SafeTensorsHeader(entries)
            : throw new ArgumentException(
                $"The tensors take {end} bytes, but a file may hold at most {largestData}.",
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

/// <summary>Reads the header of a foreign safetensors file and refuses every one that does not describe its data exactly.</summary>
internal static class SafeTensorsHeaderParser
{
    // No tensor of PyTorch has more dimensions.
    private const int MostDimensions = 64;

    private static readonly string[] FieldNames = ["data_offsets", "dtype", "shape"];

    /// <summary>Returns the checked header: its entries follow each other without gap or overlap from byte 0 on.</summary>
    /// <param name="json">The header's bytes.</param>
    /// <param name="largestData">The most bytes that all tensors may take together.</param>
    /// <exception cref="FormatException">The header breaks a rule of the format, or the tensors are larger than allowed.</exception>
    public static SafeTensorsHeader Parse(ReadOnlyMemory<byte> json, long largestData)
    {
        if (json.IsEmpty)
            throw new FormatException("The header of the safetensors data is 0 bytes long, but it must hold at least '{}'.");
        if (json.Span[0] != '{')
        {
            throw new FormatException(
                $"The header of the safetensors data starts with the byte 0x{json.Span[0]:X2}, but it must start with '{{' (0x7B).");
        }
        try
        {
            using var document = JsonDocument.Parse(json);
            var header = Parse(document.RootElement);
            TensorLayout.Check(header.Entries, largestData);
            return header;
        }
        // Bytes that are no UTF-8 show up only when a text is asked for, as InvalidOperationException.
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException(
                $"The header of the safetensors data is not valid JSON in UTF-8, but it must be: {exception.Message}", exception);
        }
    }

    private static SafeTensorsHeader Parse(JsonElement root)
    {
        var members = Members(root, "The header of the safetensors data");
        if (members.Remove(SafeTensorsHeader.MetadataName, out var texts))
        {
            CheckMetadata(texts);
        }

        var entries = members
            .Select(member => ReadEntry(member.Key, member.Value))
            .OrderBy(entry => entry.Begin)
            .ThenBy(entry => entry.End);
        return new SafeTensorsHeader([.. entries]);
    }

    private static void CheckMetadata(JsonElement texts)
    {
        foreach (var (name, text) in Members(texts, $"'{SafeTensorsHeader.MetadataName}'"))
        {
            Text(text, $"The metadata {TensorEntry.Quoted(name)}");
        }
    }

    private static TensorEntry ReadEntry(string name, JsonElement value)
    {
        var tensor = $"Tensor {TensorEntry.Quoted(name)}";
        var fields = Members(value, tensor);
        if (!fields.Keys.Order(StringComparer.Ordinal).SequenceEqual(FieldNames))
        {
            var found = TensorEntry.Quoted(string.Join(", ", fields.Keys));
            throw new FormatException($"{tensor} has the fields {found}, but needs exactly '{string.Join(", ", FieldNames)}'.");
        }
        var type = Type(tensor, Text(fields["dtype"], $"{tensor}: the dtype"));
        var shape = Numbers(fields["shape"], $"{tensor}: the shape");
        var offsets = Numbers(fields["data_offsets"], $"{tensor}: the data_offsets");
        if (offsets.Length != 2 || offsets[0] > offsets[1])
        {
            throw new FormatException(
                $"{tensor} has the data_offsets {TensorEntry.Listed(offsets)}, but needs a begin and an end not before it.");
        }
        return new TensorEntry(name, type, shape, offsets[0], offsets[1]);
    }

    private static ElementType Type(string tensor, string name) =>
        ElementType.Named(name)
            ?? throw new FormatException(
                $"{tensor} has the dtype {TensorEntry.Quoted(name)}, but it must be one of {ElementType.AllNames}.");

    private static Dictionary<string, JsonElement> Members(JsonElement value, string owner)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw new FormatException($"{owner} is a JSON {value.ValueKind}, but must be an Object.");
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (!members.TryAdd(member.Name, member.Value))
                throw new FormatException($"{owner} holds the name {TensorEntry.Quoted(member.Name)} twice, but each name must be unique.");
        }
        return members;
    }

    private static string Text(JsonElement value, string owner) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw new FormatException($"{owner} is a JSON {value.ValueKind}, but must be a String.");

    private static long[] Numbers(JsonElement value, string owner)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw new FormatException($"{owner} is a JSON {value.ValueKind}, but must be an Array.");
        if (value.GetArrayLength() > MostDimensions)
            throw new FormatException($"{owner} has {value.GetArrayLength()} numbers, but at most {MostDimensions} are allowed.");
        return [.. value.EnumerateArray().Select(number => Number(number, owner))];
    }

    private static long Number(JsonElement value, string owner) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= 0
            ? number
            : throw new FormatException(
                $"{owner} holds {TensorEntry.Quoted(value.GetRawText())}, but needs whole numbers from 0 to 2^63 - 1.");
}
