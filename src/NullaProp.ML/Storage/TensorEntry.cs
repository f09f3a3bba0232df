namespace NullaProp.ML.Storage;

/// <summary>What the header of a safetensors file says about one tensor.</summary>
/// <param name="Name">The tensor's name, unique in the file.</param>
/// <param name="Type">The type of the elements.</param>
/// <param name="Shape">The size of each dimension, 0 or more; none for a scalar.</param>
/// <param name="Begin">Where the tensor's bytes begin, counted from the first byte after the header.</param>
/// <param name="End">Where the tensor's bytes end: the position after the last one.</param>
internal sealed record TensorEntry(string Name, ElementType Type, long[] Shape, long Begin, long End)
{
    /// <summary>The number of bytes.</summary>
    public long Length => End - Begin;

    /// <summary>The number of elements.</summary>
    public long Count => Length / Type.Size;

    /// <summary>The name as a message quotes it.</summary>
    public string QuotedName => Quoted(Name);

    /// <summary>Returns a text of a foreign file as a message quotes it: it may be millions of characters long.</summary>
    public static string Quoted(string text) => text.Length <= 80 ? $"'{text}'" : $"'{text[..80]}…'";

    /// <summary>Returns numbers as a message lists them.</summary>
    public static string Listed(long[] numbers) => $"[{string.Join(", ", numbers)}]";
}
