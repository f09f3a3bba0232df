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
/// <param name="WeightsHash">The SHA-256 of the file of weights, in hexadecimal digits.</param>
internal sealed record ModelDescription(
    NoPropOptions Options,
    ImageShape Shape,
    int Classes,
    ClassValues? Keys,
    int Seed,
    string WeightsHash)
{
    private const int MostClasses = 65_536;

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
            ["format"] = ModelFormat.CurrentText,
            ["weightsSha256"] = WeightsHash,
            ["imageShape"] = JsonSerializer.SerializeToNode(Shape, Json),
            ["classCount"] = Classes,
            ["classes"] = Keys?.ToJson(),
            ["seed"] = Seed,
            ["options"] = OptionsJson.Write(Options),
        };
        JsonSerializer.Serialize(stream, json, Json);
    }

    /// <summary>Reads a description.</summary>
    /// <param name="json">Its bytes.</param>
    /// <exception cref="FormatException">It is damaged.</exception>
    public static ModelDescription Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            return Parse(json);
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException(
                $"The file '{ModelFile.DescriptionName}' of the model is damaged ({fault.Message.TrimEnd('.')}). Train and save the "
                    + $"model again.", fault);
        }
    }

    private static ModelDescription Parse(ReadOnlyMemory<byte> bytes)
    {
        using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
        var json = document.RootElement;
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("it is no JSON object");
        }

        if (Required<string>(json, "format") is var format && format != ModelFormat.CurrentText)
        {
            throw new JsonException($"its format is '{format}', but must be '{ModelFormat.CurrentText}' as in the model's header");
        }

        var options = OptionsJson.Read(Required(json, "options"));
        options.Validate();
        var shape = Required<ImageShape>(json, "imageShape");
        (options with { ImageShape = shape }).Validate();
        var classes = Required<int>(json, "classCount");
        if (classes is < 2 or > MostClasses)
        {
            throw new JsonException($"'classCount' is {classes}, but must be from 2 to {MostClasses}");
        }

        var keys = json.TryGetProperty("classes", out var names) && names.ValueKind != JsonValueKind.Null
            ? ClassValues.Of(JsonMember.Object("classes", names), classes)
            : null;
        return new ModelDescription(options, shape, classes, keys, Required<int>(json, "seed"), Required<string>(json, "weightsSha256"));
    }

    private static T Required<T>(JsonElement json, string name) => (T)JsonMember.Read(name, Required(json, name), typeof(T))!;

    private static JsonElement Required(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            ? member
            : throw new JsonException($"'{name}' is missing");
}
