using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using NullaProp.ML.Storage;

namespace NullaProp.ML.Benchmarks.Reporting;

/// <summary>A file of figures in JSON, with the machine that they were measured on.</summary>
internal static class FigureFile
{
    private static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Returns figures as they are written.</summary>
    /// <param name="figures">The figures.</param>
    public static string Text(JsonObject figures) => figures.ToJsonString(Format);

    /// <summary>Writes figures; a file that is there stays until the new one is whole.</summary>
    /// <param name="path">The file; its folder is made.</param>
    /// <param name="figures">The figures.</param>
    public static void Write(string path, JsonObject figures)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        WholeFile.Replace(path, stream => stream.Write(Encoding.UTF8.GetBytes(Text(figures) + "\n")));
    }
}
