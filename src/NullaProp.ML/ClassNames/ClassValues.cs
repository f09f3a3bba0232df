using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Interop;

namespace NullaProp.ML.ClassNames;

/// <summary>
/// What the classes are called: the values that the label column had before <c>MapValueToKey</c>, of whatever type that was.
/// </summary>
internal abstract class ClassValues
{
    /// <summary>The most classes of a model.</summary>
    public const int Most = 65_536;

    /// <summary>Gets the names as text, in the order of the keys.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>Gets the type of the values.</summary>
    public abstract PrimitiveDataViewType ItemType { get; }

    /// <summary>Gets a value indicating whether the names were text from the start.</summary>
    public bool AreText => ItemType is TextDataViewType;

    /// <summary>Adds the values to a column's annotations.</summary>
    /// <param name="builder">The annotations.</param>
    /// <param name="kind">The name of the annotation.</param>
    public abstract void AddTo(DataViewSchema.Annotations.Builder builder, string kind);

    /// <summary>Returns type and values for the model file.</summary>
    public abstract JsonObject ToJson();

    /// <summary>Returns what classes are called: by their names, or by the numbers from 0 where they have none.</summary>
    /// <param name="keys">The names; <see langword="null"/> for a bare key.</param>
    /// <param name="classes">The number of classes.</param>
    public static IReadOnlyList<string> NamesOf(ClassValues? keys, int classes) =>
        keys?.Names ?? [.. Enumerable.Range(0, classes).Select(index => index.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Returns the names that a label column carries, or <see langword="null"/> for a bare key, which has none.</summary>
    /// <param name="label">The column.</param>
    /// <param name="classes">The number of classes.</param>
    public static ClassValues? Of(DataViewSchema.Column label, int classes) => Of(label, classes, AnnotationKinds.KeyValues);

    /// <summary>Returns the names of the classes whose scores a column holds, or <see langword="null"/> where it carries none.</summary>
    /// <param name="score">The column.</param>
    /// <param name="classes">The number of classes.</param>
    public static ClassValues? OfScores(DataViewSchema.Column score, int classes) =>
        Of(score, classes, AnnotationKinds.TrainingLabelValues) ?? Of(score, classes, AnnotationKinds.SlotNames);

    /// <summary>Returns the names that a model file holds.</summary>
    /// <param name="json">What <see cref="ToJson"/> returned.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="FormatException">The names are damaged.</exception>
    public static ClassValues Of(JsonElement json, int classes)
    {
        var values = Member(json, "values");
        var count = values.ValueKind == JsonValueKind.Array ? values.GetArrayLength() : 0;
        if (count != classes)
        {
            throw new FormatException(
                $"The model file holds {count} class names for {classes} classes; it is damaged. Train and save the model again.");
        }

        return ClassValueType
            .Of(Member(json, "type") is { ValueKind: JsonValueKind.String } type ? type.GetString()! : string.Empty)
            .Parse(values);
    }

    private static ClassValues? Of(DataViewSchema.Column column, int classes, string kind) =>
        column.Annotations.Schema.GetColumnOrNull(kind)?.Type is VectorDataViewType vector && vector.Size == classes
            ? ClassValueType.Of(vector.ItemType).Read(column.Annotations, kind)
            : null;

    private static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var member) ? member : default;
}

/// <summary>Class names of one type.</summary>
/// <param name="type">The type.</param>
/// <param name="values">The values, in the order of the keys.</param>
internal sealed class ClassValues<T>(ClassValueType<T> type, T[] values) : ClassValues
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } = Array.ConvertAll(values, ClassValueType<T>.Format);

    /// <inheritdoc/>
    public override PrimitiveDataViewType ItemType => type.ItemType;

    /// <inheritdoc/>
    public override void AddTo(DataViewSchema.Annotations.Builder builder, string kind) =>
        builder.Add<VBuffer<T>>(kind, new VectorDataViewType(type.ItemType, values.Length), (ref VBuffer<T> destination) =>
        {
            var editor = VBufferEditor.Create(ref destination, values.Length);
            values.CopyTo(editor.Values);
            destination = editor.Commit();
        });

    /// <inheritdoc/>
    public override JsonObject ToJson() => new()
    {
        ["type"] = type.Name,
        ["values"] = new JsonArray([.. values.Select(type.ToJson)]),
    };
}
