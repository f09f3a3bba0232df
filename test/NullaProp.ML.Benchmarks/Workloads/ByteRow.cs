using Microsoft.ML.Data;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>A labelled image of bytes, as a row for ML.NET.</summary>
internal sealed class ByteRow
{
    /// <summary>Gets or sets the class, as a key: the class from 0, which ML.NET counts up by one.</summary>
    [KeyType(SyntheticImages.Classes)]
    public uint Label { get; set; }

    /// <summary>Gets or sets the pixels.</summary>
    [VectorType(1, 28, 28)]
    public byte[] Features { get; set; } = [];

    /// <summary>Returns the synthetic image of a number.</summary>
    public static ByteRow Of(int number) => new()
    {
        Label = (uint)SyntheticImages.Label(number),
        Features = SyntheticImages.Pixels(number),
    };
}
