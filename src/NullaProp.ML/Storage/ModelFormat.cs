namespace NullaProp.ML.Storage;

/// <summary>
/// The number of the model format: major in the upper, minor in the lower 16 bits. It rises whenever the same file would mean something
/// else, or an older version could
/// not read it, and stands in ML.NET's header of the model and in the description. test/NullaProp.ML.Tests/MLNet/Models keeps models of
/// every number.
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
                    + $"Update the package NullaProp.ML.");
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
