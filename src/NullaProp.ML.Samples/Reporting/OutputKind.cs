using System.Text;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A kind of file that is written, and that an older one of may be replaced.</summary>
/// <param name="Name">What it is called in a sentence.</param>
/// <param name="Mark">What it begins with, or has at a place, each character a byte.</param>
/// <param name="Place">The place of the mark in the file.</param>
internal sealed record OutputKind(string Name, string Mark, int Place = 0)
{
    public static OutputKind Figures { get; } = new("figures in JSON", "{");

    public static OutputKind Model { get; } = new("a model", "PK");

    public static OutputKind Onnx { get; } = new("an ONNX file", "\b");

    // A person's own picture is a PNG file, too.
    public static OutputKind Picture { get; } = new("a chart of this program", PngMark.Text, PngMark.Place);

    /// <summary>Returns whether a file is of this kind, or empty.</summary>
    public bool Is(string path)
    {
        var start = new byte[Place + Mark.Length];
        using var file = File.OpenRead(path);
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return length == 0 || Encoding.Latin1.GetString(start, 0, length)[Math.Min(Place, length)..] == Mark;
    }
}
