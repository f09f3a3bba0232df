using System.Text.Json;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A file to write after a training. Whether it can be written is found out before.</summary>
internal sealed class OutputFile
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    private OutputFile(string path) => Path = path;

    /// <summary>Gets the path as the user gave it, not the full one: it is what messages and figures should show.</summary>
    public string Path { get; }

    /// <summary>Returns the file; its folder exists afterwards. What the file holds stays.</summary>
    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public static OutputFile At(string path)
    {
        try
        {
            if (System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            var isNew = !File.Exists(path);
            File.Open(path, FileMode.OpenOrCreate, FileAccess.Write).Dispose();
            if (isNew)
                File.Delete(path);
            return new OutputFile(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unwritable(path, exception);
        }
    }

    /// <summary>Writes figures as JSON.</summary>
    /// <exception cref="UserMistakeException">The file can no longer be written.</exception>
    public void WriteJson<T>(T figures)
    {
        try
        {
            File.WriteAllText(Path, JsonSerializer.Serialize(figures, Format) + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(Path, exception);
        }
    }

    private static UserMistakeException Unwritable(string path, Exception exception) =>
        new($"The file '{path}' cannot be written: {exception.Message}", exception);
}
