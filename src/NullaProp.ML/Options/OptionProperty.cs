using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace NullaProp.ML;

/// <summary>
/// One option: where it stands, and the range that its attribute states. Validation, the documented table and the tests of boundaries read
/// it here.
/// </summary>
/// <param name="Property">The property of an options record.</param>
/// <param name="Range">Its range; <see langword="null"/> where its type alone limits it.</param>
internal sealed record OptionProperty(PropertyInfo Property, RangeAttribute? Range)
{
    /// <summary>Gets the name by which messages call it: with the record's where that is nested.</summary>
    public string Name =>
        Property.ReflectedType == typeof(NoPropOptions) ? Property.Name : $"{Property.ReflectedType!.Name}.{Property.Name}";

    /// <summary>Gets a value indicating whether it decides the model's parameters.</summary>
    public bool DecidesParameters => Property.IsDefined(typeof(DecidesParametersAttribute));

    /// <summary>Returns the options of a record, without those nested in it.</summary>
    /// <param name="record">The type of the record.</param>
    public static IReadOnlyList<OptionProperty> Of(Type record) =>
    [
        .. record.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.CanWrite)
            .Select(property => new OptionProperty(property, property.GetCustomAttribute<RangeAttribute>())),
    ];

    /// <summary>Requires that every choice in a record is one of those there are.</summary>
    /// <param name="record">The record.</param>
    /// <param name="name">The name of the argument, or of the record.</param>
    /// <exception cref="ArgumentOutOfRangeException">One is not.</exception>
    public static void RequireKnownValues(object record, string name)
    {
        if (Of(record.GetType()).Select(option => option.Fault(record)).OfType<string>().FirstOrDefault() is { } fault)
        {
            throw new ArgumentOutOfRangeException(name, fault);
        }
    }

    /// <summary>Returns what is wrong with the option's value, or <see langword="null"/>.</summary>
    /// <param name="record">The record that holds it.</param>
    public string? Fault(object record)
    {
        var value = Property.GetValue(record);
        return value switch
        {
            null => null, // what may be null has no range then
            Enum choice when !Enum.IsDefined(choice.GetType(), choice) =>
                $"{Name} is {choice}, but must be one of {string.Join(", ", Enum.GetNames(choice.GetType()))}.",
            _ when Range is not null && !Contains(Convert.ToDouble(value, CultureInfo.InvariantCulture)) =>
                string.Create(CultureInfo.InvariantCulture, $"{Name} is {value}, but must be {RangeText()}."),
            _ => null,
        };
    }

    /// <summary>Returns the range in words.</summary>
    public string RangeText() => Convert.ToDouble(Range!.Maximum, CultureInfo.InvariantCulture) >= long.MaxValue
        ? string.Create(CultureInfo.InvariantCulture, $"{Range.Minimum} or more")
        : Range.MinimumIsExclusive
        ? string.Create(CultureInfo.InvariantCulture, $"above {Range.Minimum} and at most {Range.Maximum}")
        : string.Create(CultureInfo.InvariantCulture, $"from {Range.Minimum} to {Range.Maximum}");

    private bool Contains(double value)
    {
        var (lowest, highest) =
            (Convert.ToDouble(Range!.Minimum, CultureInfo.InvariantCulture), Convert.ToDouble(Range.Maximum, CultureInfo.InvariantCulture));
        return (Range.MinimumIsExclusive ? value > lowest : value >= lowest) && value <= highest; // false for NaN
    }
}
