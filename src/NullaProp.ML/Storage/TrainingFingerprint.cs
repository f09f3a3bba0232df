using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NullaProp.ML.Storage;

/// <summary>
/// What a training depends on: two with the same fingerprint take the same steps, and one may go on where the other stood.
/// </summary>
/// <param name="Model">The model to come: options, size of images, classes and seed.</param>
/// <param name="Block">The block of discrete time that is trained apart, from 0; <see langword="null"/> for a whole model.</param>
/// <param name="Data">The hash of the training data.</param>
/// <param name="Validation">The hash of the validation data; <see langword="null"/> without.</param>
/// <param name="Start">The hash of what the weights start from, a model or a file; <see langword="null"/> where they are drawn.</param>
/// <param name="Library">The version of the library.</param>
/// <param name="Hardware">Device, precision, number of threads and processor: they decide the last bits, and no more.</param>
internal sealed record TrainingFingerprint(
    ModelDescription Model,
    int? Block,
    string Data,
    string? Validation,
    string? Start,
    string Library,
    string Hardware)
{
    private const string NotSet = "not set";

    // In a message, and no HTML.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns in words what another training has otherwise, one entry a difference; hardware apart.</summary>
    /// <param name="before">The other training, from whose checkpoint this one would go on.</param>
    public IReadOnlyList<string> Differences(TrainingFingerprint before) =>
    [
        .. OptionsOf(before.Model.Options),
        .. Said("the seed", Model.Seed, before.Model.Seed),
        .. Said("the size of the images", Model.Shape, before.Model.Shape),
        .. Said("the list of classes", Names(Model), Names(before.Model)),
        .. Said("the block", Text(Block), Text(before.Block)),
        .. Other("the training data", Data, before.Data),
        .. Other("the validation data", Validation, before.Validation),
        .. Other("the model or file that the weights start from", Start, before.Start),
        .. Said("the version of NullaProp.ML", Library, before.Library),
    ];

    /// <summary>Returns in words which options another training has otherwise.</summary>
    /// <param name="before">Its options.</param>
    public IEnumerable<string> OptionsOf(NoPropOptions before)
    {
        var (own, others) = (Leaves(OptionsJson.Write(Model.Options)), Leaves(OptionsJson.Write(before)));
        return own.Keys
            .Union(others.Keys)
            .SelectMany(name => Said(name, own.GetValueOrDefault(name, NotSet), others.GetValueOrDefault(name, NotSet)));
    }

    /// <summary>Returns the fingerprint as JSON.</summary>
    public JsonObject ToJson()
    {
        using var model = new MemoryStream();
        Model.Write(model);
        return new JsonObject
        {
            ["library"] = Library,
            ["hardware"] = Hardware,
            ["block"] = Block,
            ["dataSha256"] = Data,
            ["validationSha256"] = Validation,
            ["startSha256"] = Start,
            ["model"] = JsonNode.Parse(model.ToArray()),
        };
    }

    /// <summary>Reads a fingerprint.</summary>
    /// <param name="json">What <see cref="ToJson"/> returned.</param>
    /// <exception cref="FormatException">It is damaged, or of a model format that this version cannot read.</exception>
    public static TrainingFingerprint Read(JsonNode json) => new(
        ModelDescription.Read(JsonSerializer.SerializeToUtf8Bytes(json["model"])),
        (int?)json["block"],
        (string?)json["dataSha256"] ?? string.Empty,
        (string?)json["validationSha256"],
        (string?)json["startSha256"],
        (string?)json["library"] ?? string.Empty,
        (string?)json["hardware"] ?? string.Empty);

    private static string Text(int? block) => block is { } number ? $"{number}" : "none";

    private static string Names(ModelDescription model) =>
        model.Keys?.ToJson()["values"]?.ToJsonString(Readable) ?? $"{model.Classes} numbers";

    private static IEnumerable<string> Said<T>(string name, T now, T before) =>
        EqualityComparer<T>.Default.Equals(now, before) ? [] : [FormattableString.Invariant($"{name} is {now} instead of {before}")];

    private static IEnumerable<string> Other(string name, string? now, string? before) => (now, before) switch
    {
        _ when now == before => [],
        (_, null) => [$"there was no such thing as {name}"],
        (null, _) => [$"{name} is left out"],
        _ => [$"{name} is another one, or comes in another order"],
    };

    // Augmentation.RandomCropPadding → 2.
    private static Dictionary<string, string> Leaves(JsonNode options)
    {
        var leaves = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(string.Empty, options);
        return leaves;

        void Add(string path, JsonNode? node)
        {
            if (node is not JsonObject record)
            {
                if (node is not null)
                {
                    leaves.Add(path, node.ToJsonString());
                }

                return;
            }

            foreach (var (name, member) in record)
            {
                // class names, which may be empty, stay as they are
                var said = path == nameof(NoPropOptions.ClassWeights) ? name : $"{char.ToUpperInvariant(name[0])}{name[1..]}";
                Add($"{path}{(path.Length > 0 ? "." : string.Empty)}{said}", member);
            }
        }
    }
}
