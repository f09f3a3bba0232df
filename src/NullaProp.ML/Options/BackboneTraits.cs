namespace NullaProp.ML;

/// <summary>What the kinds of backbone can read and compute.</summary>
internal static class BackboneTraits
{
    /// <summary>Returns the smallest height and width that a backbone can read: 1 where it sees no image but a vector.</summary>
    /// <param name="kind">The backbone.</param>
    public static int SmallestSide(this BackboneKind kind) => kind == BackboneKind.Mlp ? 1 : ImageShape.SmallestSide;

    /// <summary>Returns whether a backbone is worth training in bfloat16: where convolutions take the time, and their weights are the library's.</summary>
    /// <param name="kind">The backbone.</param>
    public static bool SuitsBFloat16(this BackboneKind kind) => kind is not (BackboneKind.Mlp or BackboneKind.Custom);
}
