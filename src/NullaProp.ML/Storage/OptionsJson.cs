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
