using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace NullaProp.ML.Tests.Support;

/// <summary>A labelled picture; the classes below differ in the type of their Features only.</summary>
internal abstract class PictureRow
{
    public string Label { get; set; } = string.Empty;
}

internal sealed class PlanarFloats : PictureRow
{
    [VectorType(3, 8, 8)]
    public float[] Features { get; set; } = [];
}

internal sealed class InterleavedFloats : PictureRow
{
    [VectorType(8, 8, 3)]
    public float[] Features { get; set; } = [];
}

internal sealed class FlatFloats : PictureRow
{
    [VectorType(192)]
    public float[] Features { get; set; } = [];
}

internal sealed class PlanarBytes : PictureRow
{
    [VectorType(3, 8, 8)]
    public byte[] Features { get; set; } = [];
}

internal sealed class InterleavedBytes : PictureRow
{
    [VectorType(8, 8, 3)]
    public byte[] Features { get; set; } = [];
}

internal sealed class FlatBytes : PictureRow
{
    [VectorType(192)]
    public byte[] Features { get; set; } = [];
}

internal sealed class SparseFloats : PictureRow
{
    [VectorType(3, 8, 8)]
    public VBuffer<float> Features { get; set; }
}

internal sealed class SparseBytes : PictureRow
{
    [VectorType(8, 8, 3)]
    public VBuffer<byte> Features { get; set; }
}

internal sealed class SizedImage : PictureRow
{
    [ImageType(8, 8)]
    public MLImage? Features { get; set; }
}

/// <summary>A labelled picture in a file.</summary>
internal sealed class PictureFile : PictureRow
{
    public string ImagePath { get; set; } = string.Empty;
}
