using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Data;

/// <summary>A type that class names may have.</summary>
internal abstract class ClassKeyType(string name, PrimitiveDataViewType itemType)
{
    private static readonly ClassKeyType[] All =
    [
        new ClassKeyType<ReadOnlyMemory<char>>(TextDataViewType.Instance, text => JsonValue.Create(text.ToString()), node => node.GetValue<string>().AsMemory()),
        Simple<bool>(BooleanDataViewType.Instance),
        Simple<sbyte>(NumberDataViewType.SByte),
        Simple<byte>(NumberDataViewType.Byte),
        Simple<short>(NumberDataViewType.Int16),
        Simple<ushort>(NumberDataViewType.UInt16),
        Simple<int>(NumberDataViewType.Int32),
        Simple<uint>(NumberDataViewType.UInt32),
        Simple<long>(NumberDataViewType.Int64),
        Simple<ulong>(NumberDataViewType.UInt64),
        Simple<float>(NumberDataViewType.Single),
        Simple<double>(NumberDataViewType.Double),
        Simple<TimeSpan>(TimeSpanDataViewType.Instance),
        Simple<DateTime>(DateTimeDataViewType.Instance),
        Simple<DateTimeOffset>(DateTimeOffsetDataViewType.Instance),
    ];

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Gets the type's name in model files.</summary>
    public string Name { get; } = name;

    /// <summary>Gets ML.NET's type.</summary>
    public PrimitiveDataViewType ItemType { get; } = itemType;

    /// <summary>Reads the names out of a label column's annotations.</summary>
    /// <param name="annotations">The annotations.</param>
    public abstract ClassKeys Read(DataViewSchema.Annotations annotations);

    /// <summary>Reads the names out of a model file.</summary>
    /// <param name="values">The values.</param>
    /// <exception cref="FormatException">A value is not of this type.</exception>
    public abstract ClassKeys Parse(JsonArray values);

    /// <summary>Returns the type of names.</summary>
    /// <param name="itemType">ML.NET's type.</param>
    /// <exception cref="NotSupportedException">Names of this type cannot be kept.</exception>
    public static ClassKeyType Of(DataViewType itemType) =>
        Array.Find(All, type => type.ItemType.Equals(itemType))
        ?? throw new NotSupportedException($"The classes are named by values of type {itemType}, but a NoProp model can keep only {string.Join(", ", All.Select(type => type.Name))}. Convert the labels before MapValueToKey.");

    /// <summary>Returns the type that a model file names.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="FormatException">There is no such type.</exception>
    public static ClassKeyType Of(string name) =>
        Array.Find(All, type => type.Name == name)
        ?? throw new FormatException($"The model file has class names of the unknown type '{name}'; it is damaged. Train and save the model again.");

    private static ClassKeyType<T> Simple<T>(PrimitiveDataViewType itemType) =>
        new(itemType, value => JsonSerializer.SerializeToNode(value, Json), node => node.Deserialize<T>(Json)!);
}
