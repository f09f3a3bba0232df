using System.Runtime.InteropServices;
using System.Text;

namespace NullaProp.ML.Storage;

/// <summary>Writes files that are there whole or not at all, and opens such files.</summary>
internal static class WholeFile
{
    private const string Prefix = ".nullaprop-";
    private const string Suffix = ".tmp";

    private static readonly TimeSpan Abandoned = TimeSpan.FromHours(1); // since the last byte was written

    /// <summary>
    /// Writes a new file beside the old one, which takes its place when all of it is on the disk: where writing fails or the process
    /// ends, the old file is there as it was.
    /// </summary>
    /// <param name="path">The file; its folder must exist. A link stays one, and what it leads to is replaced.</param>
    /// <param name="write">Writes the contents.</param>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    /// <exception cref="IOException">The path is that of a folder, or the file cannot be written; nothing of it remains.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is read-only, or the folder may not be written to.</exception>
    public static void Replace(string path, Action<Stream> write)
    {
        var link = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true) : null;
        var target = link?.FullName ?? Path.GetFullPath(path);
        RequireReplaceable(path, target);
        var folder = Path.GetDirectoryName(target)!;
        DeleteAbandoned(folder);
        var beside = Path.Combine(folder, $"{Prefix}{Guid.NewGuid():N}{Suffix}");
        try
        {
            using (var stream = new FileStream(beside, FileMode.CreateNew, FileAccess.ReadWrite))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows() && File.Exists(target))
            {
                File.SetUnixFileMode(beside, File.GetUnixFileMode(target));
            }

            File.Move(beside, target, overwrite: true);
            FolderFlush.Flush(folder);
        }
        catch (Exception fault)
        {
            TryDelete(beside);
            var message = fault.Message.Replace(beside, path, StringComparison.Ordinal); // of a file that people know
            if (fault is IOException or UnauthorizedAccessException && message != fault.Message)
            {
                throw fault is IOException ? new IOException(message, fault) : new UnauthorizedAccessException(message, fault);
            }

            throw;
        }
    }

    /// <summary>Opens a file that has contents to be read.</summary>
    /// <param name="path">The file, or a link to one.</param>
    /// <exception cref="FormatException">It has none, or is a pipe or a device, which might be waited for or read for ever.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static FileStream OpenRead(string path) =>
        IsWithoutLength(path) ? throw new FormatException("it is empty, or a pipe") : File.OpenRead(path);

    /// <summary>Returns whether a path is that of an empty file, a pipe or a device; they are told apart by opening them alone.</summary>
    /// <param name="path">The path, or a link's.</param>
    public static bool IsWithoutLength(string path) => File.Exists(path)
        && (File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path)) is { Exists: true, Length: 0 };

    // What processes left that were killed while they wrote.
    private static void DeleteAbandoned(string folder)
    {
        foreach (var left in Directory.EnumerateFiles(folder, $"{Prefix}*{Suffix}").Where(IsOurs))
        {
            if (DateTime.UtcNow - File.GetLastWriteTimeUtc(left) > Abandoned) // where it is gone, in the year 1601
            {
                TryDelete(left);
            }
        }
    }

    private static bool IsOurs(string file) => Guid.TryParseExact(Path.GetFileName(file)[Prefix.Length..^Suffix.Length], "N", out _);

    // Nobody's result: what cannot be deleted stays, and hides no other fault.
    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file); // does nothing where there is none
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static void RequireReplaceable(string path, string target)
    {
        if (Directory.Exists(target))
        {
            throw new IOException($"'{path}' is a folder, but a file is to be written there. Add the name of the file to the path.");
        }

        if (IsDevice(Path.GetFullPath(path)) || IsDevice(target))
        {
            throw new IOException($"'{path}' is a device, which a file would take the place of. Save under another name.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(target)))
        {
            throw new DirectoryNotFoundException(
                $"The folder of the file '{path}' does not exist. Create it with Directory.CreateDirectory before saving.");
        }

        // Else it would be replaced on Unix, where the folder's rights alone decide.
        if (File.Exists(target) && File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly))
        {
            throw new UnauthorizedAccessException($"The file '{path}' is read-only. Make it writable, or save under another name.");
        }

        if (IsWithoutLength(target) && IsPipe(target))
        {
            throw new IOException(
                $"'{path}' is a pipe, which a file would take the place of: who reads it would wait for ever. Save under another name.");
        }
    }

    // Opened for both, which waits for nobody.
    private static bool IsPipe(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        return !file.CanSeek;
    }

    private static bool IsDevice(string path) =>
        (path.StartsWith("/dev/", StringComparison.Ordinal) && !path.StartsWith("/dev/shm/", StringComparison.Ordinal))
        || path.StartsWith("/proc/", StringComparison.Ordinal); // where /dev/stdout leads
}

/// <summary>
/// Brings the names in a folder to the disk, as <see cref="FileStream.Flush(bool)"/> does with a file's contents: else a file that was
/// renamed may have its old name after a power cut. .NET has no call for it, and Windows needs none.
/// </summary>
internal static class FolderFlush
{
    private const int ReadOnly = 0;

    /// <summary>Flushes a folder. File systems that cannot do that, as some over the network, are left as they are.</summary>
    /// <param name="path">The folder.</param>
    public static void Flush(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = Open(Encoding.UTF8.GetBytes(path + '\0'), ReadOnly);
        if (folder >= 0)
        {
            _ = Synchronize(folder);
            _ = Close(folder);
        }
    }

    [DllImport("libc", EntryPoint = "open")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Synchronize(int file);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int file);
}
