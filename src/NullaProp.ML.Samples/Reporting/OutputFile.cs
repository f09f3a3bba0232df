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
    /// <param name="path">The file.</param>
    /// <param name="kind">What will be written: an older one of the same kind may be replaced, and nothing else.</param>
    /// <param name="others">Files that the same command reads or writes.</param>
    /// <exception cref="UserMistakeException">The file cannot be written, or what it holds would be lost.</exception>
    public static OutputFile At(string path, OutputKind kind, params IEnumerable<string> others)
    {
        if (Directory.Exists(path))
            throw new UserMistakeException($"'{path}' is a folder, but must be the name of a file for {kind.Name}.");
        try
        {
            if (others.Any(other => System.IO.Path.GetFullPath(other) == System.IO.Path.GetFullPath(path)))
            {
                throw new UserMistakeException(
                    $"'{path}' is used by this command already: {kind.Name} would replace it. Name another file.");
            }

            if (!IsDevice(path) && File.Exists(path) && !kind.Is(path))
            {
                throw new UserMistakeException(
                    $"The file '{path}' holds something else than {kind.Name}, which would be lost. Name another one.");
            }

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
        catch (Exception exception)
        {
            File.Delete(beside); // does nothing where there is none
            if (exception is IOException)
                throw new IOException(exception.Message.Replace(beside, path), exception); // of a file that the user knows
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
