using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>A file to write after a training. Whether it can be written is found out before.</summary>
internal sealed partial class OutputFile
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    private const string Prefix = ".nullaprop-";
    private const string Suffix = ".tmp";

    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1); // since the last byte was written

    private static readonly StringComparison SameName =
        OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

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
            if (others.Any(other => string.Equals(Target(other), Target(path), SameName)))
            {
                throw new UserMistakeException(
                    $"'{path}' is used by this command already: {kind.Name} would replace it. Name another file.");
            }

            if (!IsDevice(path))
                RequireReplaceable(path, kind);
            else if (!kind.MayBeDevice)
                throw new UserMistakeException($"'{path}' is a device, to which {kind.Name} cannot be saved. Name a file.");
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
            Replace(Path, JsonSerializer.Serialize(figures, Format) + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(Path, exception);
        }
    }

    /// <summary>Writes a text in UTF-8, as the other method does.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">The text.</param>
    public static void Replace(string path, string text) => Replace(path, file => file.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>Writes a file whole or not at all: one that is there stays until all of the new one is on the disk.</summary>
    /// <param name="path">The file. A link stays one; a device such as /dev/stdout is written to.</param>
    /// <param name="write">Writes the contents.</param>
    public static void Replace(string path, Action<Stream> write)
    {
        if (IsDevice(path))
        {
            using var device = Device(path);
            write(device);
            return;
        }

        Write(path, write, TakePlace);
    }

    /// <summary>Writes a file whole, where there is none of its name, also none that another program has written meanwhile.</summary>
    /// <param name="path">The file.</param>
    /// <param name="write">Writes the contents.</param>
    /// <exception cref="IOException">There is one, or it cannot be written.</exception>
    public static void Create(string path, Action<Stream> write) => Write(path, write, TakeFreePlace);

    /// <summary>Deletes what programs left in a folder that were killed while they wrote a file.</summary>
    /// <param name="folder">The folder.</param>
    public static void DeleteAbandoned(string folder)
    {
        foreach (var left in Directory.EnumerateFiles(folder).Where(file => LeftName().IsMatch(System.IO.Path.GetFileName(file))))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(left) > Abandoned)
                TryDelete(left);
        }
    }

    // The pattern of a search for files would match names of other lengths too.
    [GeneratedRegex(@"^\.nullaprop-[0-9a-f]{32}\.tmp$")]
    private static partial Regex LeftName();

    private static void Write(string path, Action<Stream> write, Action<string, string> move)
    {
        var target = Target(path);
        var beside = Beside(target);
        try
        {
            using (var file = new FileStream(beside, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            move(beside, target);
        }
        catch (Exception exception)
        {
            TryDelete(beside);
            if (exception is IOException or UnauthorizedAccessException)
                throw new IOException(exception.Message.Replace(beside, path), exception); // of a file that the user knows
            throw;
        }
    }

    private static void TakePlace(string beside, string target)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(target))
            File.SetUnixFileMode(beside, File.GetUnixFileMode(target));
        File.Move(beside, target, overwrite: true);
    }

    // On Unix a move looks whether the place is free and then takes it, in which time another program may.
    private static void TakeFreePlace(string beside, string target)
    {
        new FileStream(target, FileMode.CreateNew).Dispose();
        try
        {
            File.Move(beside, target, overwrite: true);
        }
        catch
        {
            TryDelete(target); // empty, and this program's
            throw;
        }
    }

    // Nobody's result: what cannot be deleted stays, and hides no other fault.
    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    // Tries all that writing does, and leaves the folder as it was.
    private static void RequireReplaceable(string path, OutputKind kind)
    {
        var target = Target(path);
        if (System.IO.Path.GetDirectoryName(target) is { } folder)
            Directory.CreateDirectory(folder);
        if (File.Exists(target))
            RequireOwn(path, target, kind);
        var beside = Beside(target);
        try
        {
            File.Create(beside, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(exception.Message.Replace(beside, path), exception);
        }
    }

    // Opened for both, which waits for nobody at the other end of a pipe.
    private static void RequireOwn(string path, string target, OutputKind kind)
    {
        if (File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly)) // whom the system lets write to it all the same, too
            throw new IOException("it is read-only. Make it writable, or name another one.");
        using var file = new FileStream(target, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        if (!file.CanSeek)
            throw new IOException("it is a pipe, which a file would take the place of. Name another one.");
        if (!kind.Is(file))
        {
            throw new UserMistakeException(
                $"The file '{path}' holds something else than {kind.Name} that this program wrote, which would be lost. Name another one.");
        }
    }

    // Also by a link that leads to one: a file would take its place.
    private static bool IsDevice(string path) =>
        IsAmongDevices(System.IO.Path.GetFullPath(path)) || IsAmongDevices(Target(path));

    private static bool IsAmongDevices(string path) =>
        (path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal))
        || path.StartsWith("/proc/", StringComparison.Ordinal); // where /dev/stdout leads

    // A file that output goes to is not to be opened a second time: it would be written over from its start.
    private static Stream Device(string path) => System.IO.Path.GetFullPath(path) switch
    {
        "/dev/stdout" or "/dev/fd/1" => Console.OpenStandardOutput(),
        "/dev/stderr" or "/dev/fd/2" => Console.OpenStandardError(),
        var other => File.OpenWrite(other),
    };

    // What a link leads to, also where nothing is there yet.
    private static string Target(string path) =>
        new FileInfo(path).LinkTarget is not null && File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target
            ? target.FullName
            : System.IO.Path.GetFullPath(path);

    // Hidden, so that nobody takes it for a result.
    private static string Beside(string target) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(target)!, $"{Prefix}{Guid.NewGuid():N}{Suffix}");

    private static UserMistakeException Unwritable(string path, Exception exception) =>
        new($"The file '{path}' cannot be written: {exception.Message}", exception);
}
