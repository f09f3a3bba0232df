using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.ClassNames;

/// <summary>A type that class names may have.</summary>
/// <param name="itemType">ML.NET's type.</param>
internal abstract class ClassValueType(PrimitiveDataViewType itemType)
{
    // Made when asked for: one of fifteen is, and each is compiled for itself.
    private static readonly (PrimitiveDataViewType ItemType, Func<PrimitiveDataViewType, ClassValueType> Create)[] All =
    [
        (TextDataViewType.Instance, Text),
        (BooleanDataViewType.Instance, Simple<bool>),
        (NumberDataViewType.SByte, Simple<sbyte>),
        (NumberDataViewType.Byte, Simple<byte>),
        (NumberDataViewType.Int16, Simple<short>),
        (NumberDataViewType.UInt16, Simple<ushort>),
        (NumberDataViewType.Int32, Simple<int>),
        (NumberDataViewType.UInt32, Simple<uint>),
        (NumberDataViewType.Int64, Simple<long>),
        (NumberDataViewType.UInt64, Simple<ulong>),
        (NumberDataViewType.Single, Simple<float>),
        (NumberDataViewType.Double, Simple<double>),
        (TimeSpanDataViewType.Instance, Simple<TimeSpan>),
        (DateTimeDataViewType.Instance, DateTimes),
        (DateTimeOffsetDataViewType.Instance, Simple<DateTimeOffset>),
    ];

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Gets the type's name in model files.</summary>
    public string Name => NameOf(ItemType);

    /// <summary>Gets ML.NET's type.</summary>
    public PrimitiveDataViewType ItemType { get; } = itemType;

    /// <summary>Reads the names out of a column's annotations.</summary>
    /// <param name="annotations">The annotations.</param>
    /// <param name="kind">The name of the annotation.</param>
    public abstract ClassValues Read(DataViewSchema.Annotations annotations, string kind);

    /// <summary>Reads the names out of a model file.</summary>
    /// <param name="values">An array of values.</param>
    /// <exception cref="FormatException">A value is not of this type.</exception>
    public abstract ClassValues Parse(JsonElement values);

    /// <summary>Returns the type of names.</summary>
    /// <param name="itemType">ML.NET's type.</param>
    /// <exception cref="NotSupportedException">Names of this type cannot be kept.</exception>
    public static ClassValueType Of(DataViewType itemType) =>
        Find(type => type.Equals(itemType))
        ?? throw new NotSupportedException(itemType is KeyDataViewType
            ? "The labels are keys of keys: their column was a key already. Leave MapValueToKey out, or turn the key into its values by "
                + "MapKeyToValue first."
            :
            $"The classes are named by values of type {itemType}, but a NoProp model can keep only "
                + $"{string.Join(", ", All.Select(type => NameOf(type.ItemType)))}. Convert the labels before MapValueToKey.");

    /// <summary>Returns the type that a model file names.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="FormatException">There is no such type.</exception>
    public static ClassValueType Of(string name) =>
        Find(type => NameOf(type) == name)
        ?? throw new FormatException(
            $"The model file has class names of the unknown type '{name}'; it is damaged. Train and save the model again.");

    private static ClassValueType? Find(Predicate<PrimitiveDataViewType> isMeant)
    {
        var (itemType, create) = Array.Find(All, type => isMeant(type.ItemType));
        return create?.Invoke(itemType);
    }

    private static string NameOf(PrimitiveDataViewType itemType) => itemType is TextDataViewType ? "Text" : itemType.RawType.Name;

    private static ClassValueType<ReadOnlyMemory<char>> Text(PrimitiveDataViewType itemType) =>
        new(
            itemType,
            text => JsonValue.Create(text.ToString()),
            json => (json.GetString() ?? throw new FormatException("a name is null")).AsMemory());

    // ML.NET knows no kind of time, and a local one would be another in another zone.
    private static ClassValueType<DateTime> DateTimes(PrimitiveDataViewType itemType) =>
        new(
            itemType,
            value => JsonSerializer.SerializeToNode(DateTime.SpecifyKind(value, DateTimeKind.Unspecified), Json),
            json => DateTime.SpecifyKind(json.Deserialize<DateTime>(Json), DateTimeKind.Unspecified));

    private static ClassValueType<T> Simple<T>(PrimitiveDataViewType itemType) =>
        new(itemType, value => JsonSerializer.SerializeToNode(value, Json), json => json.Deserialize<T>(Json)!);
}

/// <summary>A type that class names may have.</summary>
/// <param name="itemType">ML.NET's type.</param>
/// <param name="toJson">Writes a value.</param>
/// <param name="fromJson">Reads a value.</param>
internal sealed class ClassValueType<T>(PrimitiveDataViewType itemType, Func<T, JsonNode?> toJson, Func<JsonElement, T> fromJson)
    : ClassValueType(itemType)
{
    private const string Ticks = "MM/dd/yyyy HH:mm:ss.fffffff"; // of times within one second

    /// <summary>Gets what writes a value.</summary>
    public Func<T, JsonNode?> ToJson => toJson;

    /// <summary>Returns a value as text.</summary>
    /// <param name="value">The value.</param>
    public static string Format(T value) => value switch
    {
        ReadOnlyMemory<char> text => text.ToString(),
        DateTime time => time.ToString(IsWholeSecond(time.TimeOfDay) ? null : Ticks, CultureInfo.InvariantCulture),
        DateTimeOffset time => time.ToString(IsWholeSecond(time.TimeOfDay) ? null : $"{Ticks} zzz", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty,
    };

    private static bool IsWholeSecond(TimeSpan time) => time.Ticks % TimeSpan.TicksPerSecond == 0;

    /// <inheritdoc/>
    public override ClassValues Read(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);

        // Text is copied: the column's memory may be a slice of something large.
        var copies = values
            .DenseValues()
            .Select(value => value is ReadOnlyMemory<char> text ? (T)(object)text.ToString().AsMemory() : value);
        return new ClassValues<T>(this, [.. copies]);
    }

    /// <inheritdoc/>
    public override ClassValues Parse(JsonElement values)
    {
        try
        {
            var names = new T[values.GetArrayLength()];
            for (var i = 0; i < names.Length; i++)
            {
                names[i] = fromJson(values[i]);
            }

            return new ClassValues<T>(this, names);
        }
        catch (Exception fault) when (fault is JsonException or FormatException or InvalidOperationException)
        {
            throw new FormatException(
                $"The model file has a class name that is no {Name} ({fault.Message.TrimEnd('.')}); it is damaged. Train and save the "
                    + "model again.",
                fault);
        }
    }
}
