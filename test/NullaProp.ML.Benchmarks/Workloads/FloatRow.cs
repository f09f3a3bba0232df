using Microsoft.ML.Data;

namespace NullaProp.ML.Benchmarks.Workloads;

/// <summary>A labelled image of floats, as ExtractPixels makes them, as a row for ML.NET.</summary>
internal sealed class FloatRow
{
    /// <summary>Gets or sets the class, as a key: the class from 0, which ML.NET counts up by one.</summary>
    [KeyType(SyntheticImages.Classes)]
    public uint Label { get; set; }

    /// <summary>Gets or sets the name of the class.</summary>
    public string ClassName { get; set; } = "";

    /// <summary>Gets or sets the pixels, 0 to 255.</summary>
    [VectorType(1, 28, 28)]
    public float[] Features { get; set; } = [];

    /// <summary>Returns the synthetic image of a number.</summary>
    public static FloatRow Of(int number) => new()
    {
        Label = (uint)SyntheticImages.Label(number),
        ClassName = $"class {SyntheticImages.Label(number)}",
        Features = Array.ConvertAll(SyntheticImages.Pixels(number), pixel => (float)pixel),
    };
}
