using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;

namespace NullaProp.ML.Data;

/// <summary>A type that class names may have.</summary>
/// <param name="itemType">ML.NET's type.</param>
/// <param name="toJson">Writes a value.</param>
/// <param name="fromJson">Reads a value.</param>
internal sealed class ClassKeyType<T>(PrimitiveDataViewType itemType, Func<T, JsonNode?> toJson, Func<JsonElement, T> fromJson)
    : ClassKeyType(itemType)
{
    /// <summary>Gets what writes a value.</summary>
    public Func<T, JsonNode?> ToJson => toJson;

    /// <summary>Returns a value as text.</summary>
    /// <param name="value">The value.</param>
    public static string Format(T value) => value is ReadOnlyMemory<char> text ? text.ToString() : Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;

    /// <inheritdoc/>
    public override ClassKeys Read(DataViewSchema.Annotations annotations)
    {
        VBuffer<T> values = default;
        annotations.GetValue(AnnotationKinds.KeyValues, ref values);

        // Text is copied: the column's memory may be a slice of something large.
        var copies = values.DenseValues().Select(value => value is ReadOnlyMemory<char> text ? (T)(object)text.ToString().AsMemory() : value);
        return new TypedClassKeys<T>(this, [.. copies]);
    }

    /// <inheritdoc/>
    public override ClassKeys Parse(JsonElement values)
    {
        try
        {
            var names = new T[values.GetArrayLength()];
            for (var i = 0; i < names.Length; i++)
            {
                names[i] = fromJson(values[i]);
            }

            return new TypedClassKeys<T>(this, names);
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            throw new FormatException($"The model file has a class name that is no {Name} ({fault.Message.TrimEnd('.')}); it is damaged. Train and save the model again.", fault);
        }
    }
}
