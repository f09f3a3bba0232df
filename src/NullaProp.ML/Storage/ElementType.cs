using System.Runtime.InteropServices;

namespace NullaProp.ML.Storage;

/// <summary>A type of tensor elements that a safetensors file may hold.</summary>
/// <param name="Name">The type's name in the file, for instance <c>F32</c>.</param>
/// <param name="Size">The size of one element, in bytes.</param>
/// <param name="ToSingles">Turns elements into numbers of single precision; <see langword="null"/> where they are no fractions.</param>
internal sealed record ElementType(string Name, int Size, ElementType.Conversion? ToSingles = null)
{
    private static readonly ElementType[] All =
    [
        new("F64", 8, FromDoubles),
        new("F32", 4, static (bytes, singles) => bytes.CopyTo(MemoryMarshal.AsBytes(singles))),
        new("F16", 2, FromHalves),
        new("BF16", 2, FromBrainFloats),
        new("I64", 8),
        new("I32", 4),
        new("I16", 2),
        new("I8", 1),
        new("U8", 1),
        new("BOOL", 1),
    ];

    /// <summary>Turns elements into numbers of single precision.</summary>
    /// <param name="bytes">The elements, as the file holds them.</param>
    /// <param name="singles">As many numbers.</param>
    public delegate void Conversion(ReadOnlySpan<byte> bytes, Span<float> singles);

    /// <summary>Gets single precision, the type of every weight of this library.</summary>
    public static ElementType Single { get; } = Named("F32")!;

    /// <summary>Gets all names, as a message lists them.</summary>
    public static string AllNames { get; } = string.Join(", ", All.Select(type => type.Name));

    /// <summary>Gets the names of those that become numbers of single precision, as a message lists them.</summary>
    public static string FractionNames { get; } = string.Join(
        ", ",
        All.Where(type => type.ToSingles is not null).Select(type => type.Name));

    /// <summary>Returns the type of that name in the file, or null if there is none.</summary>
    /// <param name="name">The name.</param>
    public static ElementType? Named(string name) => Array.Find(All, type => type.Name == name);

    private static void FromDoubles(ReadOnlySpan<byte> bytes, Span<float> singles)
    {
        var doubles = MemoryMarshal.Cast<byte, double>(bytes);
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = (float)doubles[i];
        }
    }

    private static void FromHalves(ReadOnlySpan<byte> bytes, Span<float> singles)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = (float)halves[i];
        }
    }

    // bfloat16 is the upper half of a single.
    private static void FromBrainFloats(ReadOnlySpan<byte> bytes, Span<float> singles)
    {
        var upper = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < singles.Length; i++)
        {
            singles[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
        }
    }
}
