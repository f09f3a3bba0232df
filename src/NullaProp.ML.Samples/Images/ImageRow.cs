namespace NullaProp.ML.Samples.Images;

/// <summary>An image file and the class it shows. ML.NET reads the properties by name.</summary>
internal sealed class ImageRow
{
    /// <summary>Gets the path of the file.</summary>
    public string ImagePath { get; init; } = "";

    /// <summary>Gets the name of the class, which is that of the folder the file lies in; empty where it is not known.</summary>
    public string Label { get; init; } = "";
}
