using System.Text.Json.Nodes;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Data;

/// <summary>Class names of one type.</summary>
/// <param name="type">The type.</param>
/// <param name="values">The values, in the order of the keys.</param>
internal sealed class TypedClassKeys<T>(ClassKeyType<T> type, T[] values) : ClassKeys
{
    /// <inheritdoc/>
    public override IReadOnlyList<string> Names { get; } = Array.ConvertAll(values, ClassKeyType<T>.Format);

    /// <inheritdoc/>
    public override bool AreText => typeof(T) == typeof(ReadOnlyMemory<char>);

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
