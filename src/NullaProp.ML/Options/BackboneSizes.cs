namespace NullaProp.ML;

/// <summary>The sizes of images that backbones can read.</summary>
internal static class BackboneSizes
{
    /// <summary>Returns the smallest height and width that a backbone can read: 1 where it sees no image but a vector.</summary>
    /// <param name="kind">The backbone.</param>
    public static int SmallestSide(this BackboneKind kind) => kind == BackboneKind.Mlp ? 1 : ImageShape.SmallestSide;
}
