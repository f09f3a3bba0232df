using System.Globalization;
using System.Text.Json;

namespace NullaProp.ML.Storage;

/// <summary>Reads the members of a model's description one by one.</summary>
/// <remarks>
/// Not by <see cref="JsonSerializer"/>, which makes a converter for each of some twenty enums: a tenth of a second of compilation before
/// the first prediction.
/// </remarks>
internal static class JsonMember
{
    private const int LongestShown = 40; // characters of a wrong value in a message

    /// <summary>Reads a value.</summary>
    /// <param name="name">The member's name, for messages.</param>
    /// <param name="json">The value.</param>
    /// <param name="type">The type it shall have.</param>
    /// <returns>The value; <see langword="null"/> for JSON's null where the type has it.</returns>
    /// <exception cref="JsonException">It has another type.</exception>
    public static object? Read(string name, JsonElement json, Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (json.ValueKind == JsonValueKind.Null && (plain != type || !type.IsValueType))
        {
            return null;
        }

        var isNumber = json.ValueKind == JsonValueKind.Number;
        object? value = Type.GetTypeCode(plain) switch
        {
            _ when plain.IsEnum => Choice(json, plain),
            TypeCode.Int32 => isNumber && json.TryGetInt32(out var whole) ? whole : null,
            TypeCode.Int64 => isNumber && json.TryGetInt64(out var whole) ? whole : null,
            TypeCode.Double => isNumber && json.TryGetDouble(out var number) ? number : null,
            TypeCode.String => json.ValueKind == JsonValueKind.String ? json.GetString() : null,
            _ when plain == typeof(ImageShape) => Shape(Object(name, json)),
            _ => json.Deserialize(plain),
        };
        return value ?? throw new JsonException($"'{name}' is {Shown(json)}, but must be {Needed(plain)}");
    }

    /// <summary>Returns a value that is an object.</summary>
    /// <param name="name">The member's name, for messages.</param>
    /// <param name="json">The value.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonElement Object(string name, JsonElement json) =>
        json.ValueKind == JsonValueKind.Object ? json : throw new JsonException($"'{name}' is {Shown(json)}, but must be an object");

    // By name only: Enum.Parse also takes numbers, and several names at once.
    private static object? Choice(JsonElement json, Type type) =>
        json.ValueKind == JsonValueKind.String && json.GetString() is { } name && Enum.GetNames(type).Contains(name)
            ? Enum.Parse(type, name)
            : null;

    private static ImageShape Shape(JsonElement json)
    {
        foreach (var member in json.EnumerateObject())
        {
            if (member.Name is not ("channels" or "height" or "width" or "size"))
            {
                throw new JsonException($"the image's shape has no '{member.Name}'");
            }
        }

        return new ImageShape(Side("channels"), Side("height"), Side("width"));

        int Side(string name) =>
            json.TryGetProperty(name, out var side)
                ? (int)Read(name, side, typeof(int))!
                : throw new JsonException($"the image's shape lacks '{name}'");
    }

    private static string Needed(Type type) => Type.GetTypeCode(type) switch
    {
        _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetNames(type))}",
        TypeCode.Int32 => string.Create(CultureInfo.InvariantCulture, $"a whole number from {int.MinValue} to {int.MaxValue}"),
        TypeCode.Int64 => string.Create(CultureInfo.InvariantCulture, $"a whole number from {long.MinValue} to {long.MaxValue}"),
        TypeCode.Double => "a number",
        _ => "a text",
    };

    private static string Shown(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        _ => json.GetRawText() is { Length: > LongestShown } text ? $"{text.AsSpan(0, LongestShown)}…" : json.GetRawText(),
    };
}
