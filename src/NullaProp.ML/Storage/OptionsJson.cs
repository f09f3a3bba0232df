using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NullaProp.ML.Storage;

/// <summary>
/// Writes and reads the options in a model's description: an object for each record, and the kind of a variant as its member <c>kind</c>.
/// </summary>
internal static class OptionsJson
{
    private const string Kind = "kind";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Returns options as JSON.</summary>
    /// <param name="options">The options.</param>
    public static JsonNode Write(NoPropOptions options) => JsonSerializer.SerializeToNode(options, Json)!;

    /// <summary>Reads options.</summary>
    /// <param name="json">What <see cref="Write"/> returned.</param>
    /// <exception cref="JsonException">A member is unknown or of a wrong type.</exception>
    public static NoPropOptions Read(JsonElement json) => (NoPropOptions)Record("options", json, typeof(NoPropOptions));

    // Member by member: a serializer would compile a converter for each of some twenty enums, a tenth of a second before the first
    // prediction.
    private static object Record(string name, JsonElement json, Type type)
    {
        var members = JsonMember.Object(name, json).EnumerateObject().ToList();
        var record = Activator.CreateInstance(type.IsAbstract ? Derived(name, members, type) : type)!;
        foreach (var member in members.Where(member => !type.IsAbstract || member.Name != Kind))
        {
            var option = Options(record.GetType()).FirstOrDefault(option => NameOf(option) == member.Name)
                ?? throw new JsonException($"'{name}' has no option '{member.Name}'");
            option.SetValue(record, IsRecord(option.PropertyType)
                ? Record(member.Name, member.Value, option.PropertyType)
                : JsonMember.Read(member.Name, member.Value, option.PropertyType));
        }

        // Every option must be there: what one that is missing would mean is for a later format to say.
        return Options(record.GetType()).FirstOrDefault(option => !members.Exists(member => member.Name == NameOf(option))) is { } missing
            ? throw new JsonException($"'{name}' lacks the option '{NameOf(missing)}'")
            : record;
    }

    private static IEnumerable<PropertyInfo> Options(Type record) => record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(option => option.CanWrite && !option.IsDefined(typeof(JsonIgnoreAttribute)));

    private static string NameOf(PropertyInfo option) => JsonNamingPolicy.CamelCase.ConvertName(option.Name);

    private static bool IsRecord(Type type) =>
        type == typeof(Sampling) || type == typeof(Embedding) || type == typeof(Augmentation) || type == typeof(NoPropVariant);

    private static Type Derived(string name, List<JsonProperty> members, Type type)
    {
        var kind = members.Find(member => member.Name == Kind).Value;
        var known = type.GetCustomAttributes<JsonDerivedTypeAttribute>().ToList();
        return known.Find(
            derived => kind.ValueKind == JsonValueKind.String && kind.GetString() == (string?)derived.TypeDiscriminator)?.DerivedType
            ?? throw new JsonException(
                $"'{name}' has no '{Kind}' that is one of {string.Join(", ", known.Select(derived => derived.TypeDiscriminator))}");
    }
}

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
