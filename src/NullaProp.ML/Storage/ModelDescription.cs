using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NullaProp.ML.ClassNames;
using NullaProp.ML.Networks;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Storage;

/// <summary>Everything about a model but its weights, as JSON that people and other programs can read.</summary>
/// <param name="Options">The options it was trained with.</param>
/// <param name="Shape">The size of its images.</param>
/// <param name="Classes">K, the number of classes.</param>
/// <param name="Keys">The names of the classes; <see langword="null"/> for a bare key.</param>
/// <param name="Seed">The seed that training used.</param>
internal record ModelDescription(
    NoPropOptions Options,
    ImageShape Shape,
    int Classes,
    ClassValues? Keys,
    int Seed)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Gets what the slots of the feature column were called in training; empty where they had no names.</summary>
    public IReadOnlyList<string> SlotNames { get; init; } = [];

    /// <summary>
    /// Gets a value indicating whether it was trained on pixels of 0 to 255, so that those divided by 255 are found to be no such.
    /// </summary>
    public bool IsOfBytes { get; init; }

    /// <summary>Gets the SHA-256 of the file of weights, in hexadecimal digits; empty before they are written.</summary>
    public string WeightsHash { get; init; } = string.Empty;

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
            ["slotNames"] = SlotNames.Count == 0 ? null : JsonSerializer.SerializeToNode(SlotNames, Json),
            ["isOfBytes"] = IsOfBytes,
            ["seed"] = Seed,
            ["options"] = OptionsJson.Write(Options),
        };
        JsonSerializer.Serialize(stream, json, Json);
    }

    /// <summary>Reads a description.</summary>
    /// <param name="json">Its bytes.</param>
    /// <exception cref="FormatException">It is damaged.</exception>
    /// <exception cref="InvalidOperationException">The program cannot read any.</exception>
    public static ModelDescription Read(ReadOnlyMemory<byte> json)
    {
        if (!JsonSerializer.IsReflectionEnabledByDefault) // nothing about the file
        {
            throw new InvalidOperationException(
                "This program is built as for ahead-of-time compilation, as 'dotnet run FILE.cs' builds one unless told otherwise, and "
                + "neither ML.NET nor NullaProp.ML finds its types at run time then. Add the line '#:property PublishAot=false' to the "
                + "file, or <PublishAot>false</PublishAot> to the project.");
        }

        try
        {
            return Parse(json);
        }
        catch (Exception fault) when (fault is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException(
                $"The file '{ModelFile.DescriptionName}' of the model is damaged ({fault.Message.TrimEnd('.')}). Train and save the "
                    + "model again.", fault);
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

        var options = OptionsJson.Read(Required(json, "options")).WithKeptFineTuning();
        options.Validate();
        var shape = Required<ImageShape>(json, "imageShape");
        (options with { ImageShape = shape }).Validate();
        var classes = Required<int>(json, "classCount");
        if (classes is < 2 or > ClassValues.Most)
        {
            throw new JsonException($"'classCount' is {classes}, but must be from 2 to {ClassValues.Most}");
        }

        var keys = json.TryGetProperty("classes", out var names) && names.ValueKind != JsonValueKind.Null
            ? ClassValues.Of(JsonMember.Object("classes", names), classes)
            : null;
        var (seed, hash) = (Required<int>(json, "seed"), Required<string>(json, "weightsSha256"));
        return new ModelDescription(options, shape, classes, keys, seed)
        {
            SlotNames = Slots(json, shape),
            IsOfBytes = Optional<bool>(json, "isOfBytes"), // absent in models of before it was kept
            WeightsHash = hash,
        };
    }

    // Absent in models of before they were kept, and where they had no names.
    private static string[] Slots(JsonElement json, ImageShape shape)
    {
        if (!json.TryGetProperty("slotNames", out var member) || member.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var isNames = member.ValueKind == JsonValueKind.Array && member.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String);
        return isNames && member.GetArrayLength() == shape.Size
            ? [.. member.EnumerateArray().Select(name => name.GetString()!)]
            : throw new JsonException($"'slotNames' must be {shape.Size} names, one for each value of a row");
    }

    private static T? Optional<T>(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) ? (T)JsonMember.Read(name, member, typeof(T))! : default;

    private static T Required<T>(JsonElement json, string name) => (T)JsonMember.Read(name, Required(json, name), typeof(T))!;

    private static JsonElement Required(JsonElement json, string name) =>
        json.TryGetProperty(name, out var member) && member.ValueKind != JsonValueKind.Null
            ? member
            : throw new JsonException($"'{name}' is missing");
}

/// <summary>A trained model as it goes into a file and comes out again.</summary>
internal sealed record StoredModel : ModelDescription
{
    /// <summary>Puts a description and weights together.</summary>
    /// <param name="about">Everything but the weights.</param>
    /// <param name="network">The network with its weights.</param>
    /// <param name="starts">Where scoring starts and the noise on the way; see <see cref="Plan.PriorDraws"/>.</param>
    public StoredModel(ModelDescription about, Denoiser network, HostTensor starts)
        : base(about) => (Network, Starts) = (network, starts);

    /// <summary>Gets the network with its weights.</summary>
    public Denoiser Network { get; }

    /// <summary>Gets where scoring starts and the noise on the way.</summary>
    public HostTensor Starts { get; init; }
}

/// <summary>
/// The number of the model format: major in the upper, minor in the lower 16 bits. It rises whenever the same file would mean something
/// else, or an older version could not read it, and stands in ML.NET's header of the model and in the description.
/// test/NullaProp.ML.Tests/MLNet/Models keeps models of every number.
/// </summary>
internal static class ModelFormat
{
    /// <summary>What this version writes.</summary>
    public const uint Current = 0x0002_0000;

    /// <summary>The oldest that this version reads.</summary>
    public const uint Oldest = 0x0002_0000;

    /// <summary>Gets what this version writes, as text.</summary>
    public static string CurrentText { get; } = Text(Current);

    /// <summary>Checks that a model can be read.</summary>
    /// <param name="format">Its format.</param>
    /// <exception cref="FormatException">It is newer or too old.</exception>
    public static void Require(uint format)
    {
        if (format > Current)
        {
            throw new FormatException(
                $"The model was written by a newer NullaProp.ML (model format {Text(format)}); this one reads up to {CurrentText}. "
                    + "Update the package NullaProp.ML.");
        }

        if (format < Oldest)
        {
            throw new FormatException(
                $"The model was written by a version of NullaProp.ML before 0.1.0 (model format {Text(format)}), whose weights meant "
                    + $"something else; this one reads {Text(Oldest)} to {CurrentText}. Train and save the model again.");
        }
    }

    private static string Text(uint format) => $"{format >> 16}.{format & 0xFFFF}";
}
