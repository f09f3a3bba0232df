using Microsoft.ML.Data;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>A labelled colour image of bytes, as a row for ML.NET.</summary>
internal sealed class ColourRow
{
    private const int Side = 32;
    private const int Channels = 3;

    /// <summary>Gets or sets the class, as a key: the class from 0, which ML.NET counts up by one.</summary>
    [KeyType(SyntheticImages.Classes)]
    public uint Label { get; set; }

    /// <summary>Gets or sets the pixels.</summary>
    [VectorType(Channels, Side, Side)]
    public byte[] Features { get; set; } = [];

    /// <summary>Returns the image of a number: noise, which takes the time of any other.</summary>
    public static ColourRow Of(int number)
    {
        var pixels = new byte[Channels * Side * Side];
        new Random(number).NextBytes(pixels);
        return new ColourRow { Label = (uint)(number % SyntheticImages.Classes), Features = pixels };
    }
}
