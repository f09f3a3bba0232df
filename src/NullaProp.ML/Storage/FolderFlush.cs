using System.Runtime.InteropServices;
using System.Text;

namespace NullaProp.ML.Storage;

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
