using System.Text.Json;

namespace NullaProp.ML.Storage;

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
