using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A kind of file that this program writes. An older one that it wrote may be replaced, and no other file of the format.</summary>
/// <param name="Name">What it is called in a sentence.</param>
/// <param name="IsOwn">Whether this program wrote a file that is not empty, by what stands in it.</param>
/// <param name="MayBeDevice">Whether it may go to a device such as /dev/stdout, where the library saves nothing.</param>
internal sealed record OutputKind(string Name, Func<Stream, bool> IsOwn, bool MayBeDevice)
{
    private const long MostBytesOfFigures = 1 << 16; // more are somebody's data, and not worth the time to read

    private static readonly string[] CommonFigures =
    [
        nameof(TrainFigures.MicroAccuracy), nameof(TrainFigures.LogLoss), nameof(TrainFigures.FitSeconds),
        nameof(TrainFigures.TrainRows), nameof(TrainFigures.TestRows),
    ];

    private static readonly string[] ModelEntries = ["weights.safetensors", "model.json", "Model.key"];

    public static OutputKind Figures { get; } = new("figures in JSON", AreFigures, MayBeDevice: true);

    public static OutputKind Model { get; } = new("a model", IsModel, MayBeDevice: false);

    // After the version of the format, two bytes: the field producer_name.
    public static OutputKind Onnx { get; } = new("an ONNX file", file => Has(file, "\u0012\u000cNullaProp.ML", 2), MayBeDevice: false);

    public static OutputKind Picture { get; } = new("a chart", file => Has(file, PngMark.Text, PngMark.Place), MayBeDevice: true);

    /// <summary>Returns whether a file is of this kind and this program's, or empty.</summary>
    /// <param name="file">The file, at its start.</param>
    public bool Is(Stream file) => file.Length == 0 || IsOwn(file);

    private static bool Has(Stream file, string mark, int place)
    {
        var start = new byte[place + mark.Length]; // each character is a byte
        var length = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return length == start.Length && Encoding.Latin1.GetString(start, place, mark.Length) == mark;
    }

    private static bool AreFigures(Stream file)
    {
        try
        {
            if (file.Length > MostBytesOfFigures)
                return false;
            using var json = JsonDocument.Parse(file);
            return json.RootElement.ValueKind == JsonValueKind.Object && CommonFigures.All(
                name => json.RootElement.TryGetProperty(JsonNamingPolicy.CamelCase.ConvertName(name), out _));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsModel(Stream file)
    {
        try
        {
            using var zip = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true);
            return ModelEntries.All(name => zip.Entries.Any(entry => entry.FullName.EndsWith(name, StringComparison.Ordinal)));
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
