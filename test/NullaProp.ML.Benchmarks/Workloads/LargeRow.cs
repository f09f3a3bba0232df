using Microsoft.ML.Data;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>A labelled image of 3×64×64 bytes, as a row for ML.NET: 12,288 bytes of which only ten exist in memory, one a class.</summary>
internal sealed class LargeRow
{
    /// <summary>The size of the images.</summary>
    public static readonly ImageShape Shape = new(3, 64, 64);

    private static readonly byte[][] Images = [.. Enumerable.Range(0, SyntheticImages.Classes).Select(Image)];

    /// <summary>Gets or sets the class, as a key: the class from 0, which ML.NET counts up by one.</summary>
    [KeyType(SyntheticImages.Classes)]
    public uint Label { get; set; }

    /// <summary>Gets or sets the pixels.</summary>
    [VectorType(3, 64, 64)]
    public byte[] Features { get; set; } = [];

    /// <summary>Returns the image of a number.</summary>
    public static LargeRow Of(int number) => new()
    {
        Label = (uint)(number % SyntheticImages.Classes),
        Features = Images[number % SyntheticImages.Classes],
    };

    private static byte[] Image(int label)
    {
        var random = new Random(label);
        var pixels = new byte[Shape.Size];
        random.NextBytes(pixels);
        return Array.ConvertAll(pixels, pixel => (byte)((pixel / 2) + (12 * label)));
    }
}
