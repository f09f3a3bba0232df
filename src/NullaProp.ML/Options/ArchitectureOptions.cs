using System.Globalization;

namespace NullaProp.ML;

/// <summary>Compares the options that decide a model's parameters, so that training is continued only with the same.</summary>
internal static class ArchitectureOptions
{
    /// <summary>Returns in words where options differ from those of a model, one entry an option.</summary>
    /// <param name="options">The options.</param>
    /// <param name="trained">The model's.</param>
    public static IReadOnlyList<string> Differences(NoPropOptions options, NoPropOptions trained) =>
    [
        .. Between(options, trained),
        .. Between(options.Embedding, trained.Embedding),
        .. options.Variant.GetType() == trained.Variant.GetType()
            ? Between(options.Variant, trained.Variant)
            : [$"{nameof(NoPropOptions.Variant)} is {options.Variant.GetType().Name} instead of {trained.Variant.GetType().Name}"],
    ];

    private static IEnumerable<string> Between(object options, object trained) =>
        from option in OptionProperty.Of(options.GetType())
        where option.DecidesParameters
        let found = option.Property.GetValue(options)
        let needed = option.Property.GetValue(trained)
        where !Equals(found, needed)
        select string.Create(CultureInfo.InvariantCulture, $"{option.Name} is {found ?? "null"} instead of {needed ?? "null"}");
}
