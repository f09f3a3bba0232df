using System.Globalization;
using System.Text;
using Parquet;
using Parquet.Schema;

namespace NullaProp.ML.Samples.Scoring;

/// <summary>
/// A format of results: path, class, its probability and what is wrong with the file, then a column for the probability of each class.
/// </summary>
internal interface IScoreFormat
{
    /// <summary>Gets how names of files end, with the dot.</summary>
    string Extension { get; }

    /// <summary>Writes a file.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="classNames">The names of the classes.</param>
    /// <param name="rows">The images.</param>
    void Write(Stream file, IReadOnlyList<string> classNames, IReadOnlyList<ScoredImage> rows);
}

/// <summary>Comma-separated values as in RFC 4180, UTF-8, with a line of names.</summary>
internal sealed class CsvScores : IScoreFormat
{
    public string Extension => ".csv";

    public void Write(Stream file, IReadOnlyList<string> classNames, IReadOnlyList<ScoredImage> rows)
    {
        using var writer = new StreamWriter(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), leaveOpen: true);
        WriteLine(["ImagePath", "PredictedLabel", "Probability", "Error", .. classNames.Select(name => $"Score.{name}")]);
        foreach (var row in rows)
        {
            var best = row.Best;
            WriteLine([
                row.Path,
                best is { } one ? classNames[one] : string.Empty,
                best is { } other ? Number(row.Score![other]) : string.Empty,
                row.Error ?? string.Empty,
                .. row.Score?.Select(Number) ?? classNames.Select(_ => string.Empty),
            ]);
        }

        void WriteLine(IEnumerable<string> fields) => writer.Write(string.Join(',', fields.Select(Quoted)) + "\r\n");
    }

    private static string Number(float value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Quoted(string field) =>
        field.AsSpan().ContainsAny(",\"\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}

/// <summary>Apache Parquet, one row group a file.</summary>
internal sealed class ParquetScores : IScoreFormat
{
    public string Extension => ".parquet";

    public void Write(Stream file, IReadOnlyList<string> classNames, IReadOnlyList<ScoredImage> rows) =>
        WriteAsync(file, classNames, rows).GetAwaiter().GetResult();

    private static async Task WriteAsync(Stream file, IReadOnlyList<string> classNames, IReadOnlyList<ScoredImage> rows)
    {
        var (path, label, error) = (Text("ImagePath"), Text("PredictedLabel"), Text("Error"));
        var probability = Number("Probability");
        DataField[] scores = [.. classNames.Select(name => Number($"Score.{name}"))];
        var schema = new ParquetSchema([path, label, probability, error, .. scores]);
        await using var writer = await ParquetWriter.CreateAsync(schema, file);
        using var group = writer.CreateRowGroup();
        await group.WriteAsync(path, [.. rows.Select(row => row.Path)]);
        await group.WriteAsync(label, [.. rows.Select(row => row.Best is { } best ? classNames[best] : null!)]);
        await group.WriteAsync<float>(probability, Column(row => row.Best is { } best ? row.Score![best] : null));
        await group.WriteAsync(error, [.. rows.Select(row => row.Error!)]);
        for (var place = 0; place < scores.Length; place++)
        {
            var number = place;
            await group.WriteAsync<float>(scores[number], Column(row => row.Score?[number]));
        }

        ReadOnlyMemory<float?> Column(Func<ScoredImage, float?> value) => rows.Select(value).ToArray();
    }

    private static DataField Text(string name) => new(name, typeof(string), isNullable: true);

    private static DataField Number(string name) => new(name, typeof(float), isNullable: true);
}
