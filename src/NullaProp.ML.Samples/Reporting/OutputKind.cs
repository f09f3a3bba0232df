using System.Text;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A kind of file that is written, and that an older one of may be replaced.</summary>
/// <param name="Name">What it is called in a sentence.</param>
/// <param name="Mark">What it begins with, each character a byte.</param>
internal sealed record OutputKind(string Name, string Mark)
{
    public static OutputKind Figures { get; } = new("figures in JSON", "{");

    public static OutputKind Model { get; } = new("a model", "PK");

    public static OutputKind Onnx { get; } = new("an ONNX file", "\b");

    public static OutputKind Picture { get; } = new("a PNG picture", "\u0089PNG");

    /// <summary>Returns whether a file is of this kind, or empty.</summary>
    public bool Is(string path)
    {
        var start = new byte[Mark.Length];
        using var file = File.OpenRead(path);
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return length == 0 || Encoding.Latin1.GetString(start, 0, length) == Mark;
    }
}
