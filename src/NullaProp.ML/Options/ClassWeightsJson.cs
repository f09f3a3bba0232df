using System.Text.Json;
using System.Text.Json.Serialization;

namespace NullaProp.ML;

/// <summary>Writes <see cref="ClassWeights"/> as a JSON object of names and numbers.</summary>
internal sealed class ClassWeightsJson : JsonConverter<ClassWeights>
{
    /// <inheritdoc/>
    public override ClassWeights Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(JsonSerializer.Deserialize<OrderedDictionary<string, double>>(ref reader, options) ?? throw new JsonException("the class weights are null"));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ClassWeights value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        foreach (var (name, weight) in value.ByName)
        {
            writer.WriteNumber(name, weight);
        }

        writer.WriteEndObject();
    }
}
