using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NullaProp.ML.Samples;
using NullaProp.ML.Storage;

namespace NullaProp.ML.Experiments;

/// <summary>A JSON file of result rows, written anew whenever rows come.</summary>
internal sealed class ResultFile<TRow>
    where TRow : IResultRow
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter() },
        WriteIndented = true,
    };

    private static readonly JsonSerializerOptions LineFormat = new(Format) { WriteIndented = false };

    private readonly string _path;
    private readonly List<TRow> _rows;

    /// <summary>Reads the file if there is one.</summary>
    /// <exception cref="UserMistakeException">The file cannot be read or holds other things.</exception>
    public ResultFile(string path)
    {
        _path = path;
        try
        {
            _rows = File.Exists(path) ? JsonSerializer.Deserialize<List<TRow>>(File.ReadAllText(path), Format) ?? [] : [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new UserMistakeException(
                $"The file '{path}' cannot be read as results of this study: {exception.Message} Name another file, or delete it.",
                exception);
        }
    }

    public IReadOnlyList<TRow> Rows => _rows;

    /// <summary>Returns a row as one line, which <see cref="AddLines"/> takes.</summary>
    public static string Line(TRow row) => JsonSerializer.Serialize(row, LineFormat);

    /// <summary>Adds rows, each a line of JSON, and writes the file.</summary>
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public void AddLines(IEnumerable<string> lines) => Add(lines.Select(line => JsonSerializer.Deserialize<TRow>(line, LineFormat)!));

    /// <summary>
    /// Adds rows, in the place of those of the same measurement, and writes the file; one that is there stays until the new one is whole.
    /// </summary>
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public void Add(IEnumerable<TRow> rows)
    {
        foreach (var row in rows)
        {
            var place = _rows.FindIndex(before => before.Measured.Equals(row.Measured));
            if (place < 0)
                _rows.Add(row);
            else
                _rows[place] = row;
        }

        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(_path)) is { } folder)
                Directory.CreateDirectory(folder);
            WholeFile.Replace(_path, stream => stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(_rows, Format) + "\n")));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The file '{_path}' cannot be written: {exception.Message}", exception);
        }
    }
}
