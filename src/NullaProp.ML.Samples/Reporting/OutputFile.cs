using System.Text;
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
            else if (!IsDevice(path))
                File.Create(Beside(path), 1, FileOptions.DeleteOnClose).Dispose(); // where the new one will be written
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
            var json = JsonSerializer.Serialize(figures, Format) + "\n";
            Replace(Path, file => file.Write(Encoding.UTF8.GetBytes(json)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(Path, exception);
        }
    }

    /// <summary>Writes a file whole or not at all: one that is there stays until all of the new one is on the disk.</summary>
    /// <param name="path">The file. A link stays one; a device such as /dev/stdout is written to.</param>
    /// <param name="write">Writes the contents.</param>
    public static void Replace(string path, Action<Stream> write)
    {
        if (IsDevice(path))
        {
            using var device = File.OpenWrite(path);
            write(device);
            return;
        }

        var beside = Beside(path);
        try
        {
            using (var file = new FileStream(beside, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, Target(path), overwrite: true);
        }
        catch
        {
            File.Delete(beside); // does nothing where there is none
            throw;
        }
    }

    private static bool IsDevice(string path) =>
        path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    // What a link leads to.
    private static string Target(string path) =>
        (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? System.IO.Path.GetFullPath(path);

    // Hidden, so that nobody takes it for a result.
    private static string Beside(string path) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Target(path))!, $".{Guid.NewGuid():N}.tmp");

    private static UserMistakeException Unwritable(string path, Exception exception) =>
        new($"The file '{path}' cannot be written: {exception.Message}", exception);
}
