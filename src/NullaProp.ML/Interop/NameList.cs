namespace NullaProp.ML.Interop;

/// <summary>Names in a sentence: the first of them, and how many more there are.</summary>
internal static class NameList
{
    private const int Most = 20;

    /// <summary>Returns names with commas between them.</summary>
    /// <param name="names">The names.</param>
    /// <param name="most">How many are named.</param>
    public static string Of(IEnumerable<string> names, int most = Most)
    {
        string[] all = [.. names];
        var rest = all.Length > most ? $" and {all.Length - most} more" : string.Empty;
        return string.Join(", ", all.Take(most)) + rest;
    }

    /// <summary>Returns names in quotation marks, with commas between them.</summary>
    /// <param name="names">The names.</param>
    public static string Quoted(IEnumerable<string> names) => Of(names.Select(name => $"'{name}'"));
}
