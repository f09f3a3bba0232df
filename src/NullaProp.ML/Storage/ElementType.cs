using static TorchSharp.torch;

namespace NullaProp.ML.Storage;

/// <summary>A type of tensor elements that a safetensors file and TorchSharp both know.</summary>
/// <param name="Name">The type's name in the file, for instance <c>F32</c>.</param>
/// <param name="Scalar">The type's name in TorchSharp.</param>
/// <param name="Size">The size of one element, in bytes.</param>
internal sealed record ElementType(string Name, ScalarType Scalar, int Size)
{
    private static readonly ElementType[] All =
    [
        new("F64", ScalarType.Float64, 8),
        new("F32", ScalarType.Float32, 4),
        new("F16", ScalarType.Float16, 2),
        new("BF16", ScalarType.BFloat16, 2),
        new("I64", ScalarType.Int64, 8),
        new("I32", ScalarType.Int32, 4),
        new("I16", ScalarType.Int16, 2),
        new("I8", ScalarType.Int8, 1),
        new("U8", ScalarType.Byte, 1),
        new("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>All names, as a message lists them.</summary>
    public static string AllNames { get; } = string.Join(", ", All.Select(type => type.Name));

    /// <summary>Returns the type of that name in the file, or null if there is none.</summary>
    public static ElementType? Named(string name) => Array.Find(All, type => type.Name == name);

    /// <summary>Returns the type of that name in TorchSharp, or null if a safetensors file cannot hold it.</summary>
    public static ElementType? Of(ScalarType scalar) => Array.Find(All, type => type.Scalar == scalar);
}
