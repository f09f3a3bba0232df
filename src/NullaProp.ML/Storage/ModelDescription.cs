using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NullaProp.ML.ClassNames;

namespace NullaProp.ML.Storage;

/// <summary>Everything about a model but its weights, as JSON that people and other programs can read.</summary>
/// <param name="Options">The options it was trained with.</param>
/// <param name="Shape">The size of its images.</param>
/// <param name="Classes">K, the number of classes.</param>
/// <param name="Keys">The names of the classes; <see langword="null"/> for a bare key.</param>
/// <param name="Seed">The seed that training used.</param>
internal sealed record ModelDescription(NoPropOptions Options, ImageShape Shape, int Classes, ClassValues? Keys, int Seed)
{
    private const int LongestText = 16 * 1024 * 1024; // characters; a description has some thousands
    private const int MostClasses = 65_536;

    private static readonly PropertyInfo[] OptionProperties = Array.FindAll(typeof(NoPropOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance), option => option.CanWrite);

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Writes the description.</summary>
    /// <param name="stream">Where to.</param>
    public void Write(Stream stream)
    {
        var json = new JsonObject
        {
            ["imageShape"] = JsonSerializer.SerializeToNode(Shape, Json),
            ["classCount"] = Classes,
            ["classes"] = Keys?.ToJson(),
            ["seed"] = Seed,
            ["options"] = JsonSerializer.SerializeToNode(Options, Json),
        };
        JsonSerializer.Serialize(stream, json, Json);
    }

    /// <summary>Reads a description.</summary>
    /// <param name="stream">Where from.</param>
    /// <exception cref="FormatException">It is damaged.</exception>
    public static ModelDescription Read(Stream stream)
    {
        try
        {
            return Parse(Text(stream));
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException($"The file '{ModelFile.DescriptionName}' of the model is damaged ({fault.Message.TrimEnd('.')}). Train and save the model again.", fault);
        }
    }

    private static ModelDescription Parse(string text)
    {
        using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowDuplicateProperties = false });
        var json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("it is no JSON object");
        }

        var options = ReadOptions(JsonMember.Object("options", Required(json, "options")));
        options.Validate();
        var shape = Required<ImageShape>(json, "imageShape");
        (options with { ImageShape = shape }).Validate();
        var classes = Required<int>(json, "classCount");
        if (classes is < 2 or > MostClasses)
        {
            throw new JsonException($"'classCount' is {classes}, but must be from 2 to {MostClasses}");
        }

        var keys = json.TryGetProperty("classes", out var names) && names.ValueKind != JsonValueKind.Null ? ClassValues.Of(JsonMember.Object("classes", names), classes) : null;
        return new ModelDescription(options, shape, classes, keys, Required<int>(json, "seed"));
    }

    // The file of a version that did not have an option yet lacks it; what it computed then is the default, but for the form of the velocity.
    private static NoPropOptions ReadOptions(JsonElement json)
    {
        var options = new NoPropOptions { VelocityForm = VelocityForm.Raw };
        foreach (var member in json.EnumerateObject())
        {
            var option = Array.Find(OptionProperties, option => JsonNamingPolicy.CamelCase.ConvertName(option.Name) == member.Name) ?? throw new JsonException($"there is no option '{member.Name}'");
            option.SetValue(options, JsonMember.Read(member.Name, member.Value, option.PropertyType));
        }

        return options;
    }

    private static T Required<T>(JsonElement json, string name) => (T)JsonMember.Read(name, Required(json, name), typeof(T))!;

    private static JsonElement Required(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null ? member : throw new JsonException($"'{name}' is missing");

    private static string Text(Stream stream)
    {
        using var reader = new StreamReader(stream, leaveOpen: true);
        var text = new StringBuilder();
        var buffer = new char[1 << 12];
        for (var length = -1; length != 0 && text.Length <= LongestText;)
        {
            length = reader.ReadBlock(buffer);
            text.Append(buffer, 0, length);
        }

        return text.Length <= LongestText ? text.ToString() : throw new JsonException($"it is longer than {LongestText} characters");
    }
}
