using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using NullaProp.ML.Training;

namespace NullaProp.ML.Storage;

/// <summary>
/// A folder of checkpoints, each a folder of its own that is written beside and takes its name when all of it is on the disk. One training
/// at a time: a lock of the operating system, which ends with the process however that ends.
/// </summary>
internal sealed partial class CheckpointFolder : IDisposable
{
    private const string Prefix = "epoch-";
    private const string Unfinished = ".tmp";
    private const string LockName = ".lock";
    private const string OwnerName = ".lock-owner"; // whose lock that is, for a file that is locked cannot be read

    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250); // two tries to lock

    private readonly string _path;
    private readonly string _token; // of this training's lock
    private FileStream _lock;

    // Removes what a process left unfinished.
    private CheckpointFolder(string path, FileStream locked, string token)
    {
        (_path, _lock, _token) = (path, locked, token);
        try
        {
            foreach (var left in Directory.EnumerateDirectories(path).Where(one => LeftName().IsMatch(Path.GetFileName(one))))
            {
                Directory.Delete(left, recursive: true);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            _lock.Dispose();
            throw new IOException(
                $"What an earlier training left in '{path}' cannot be deleted: {fault.Message} Delete it by hand.",
                fault);
        }
    }

    /// <summary>Makes the folder where there is none, locks it, and removes what a process left unfinished.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="timeout">How long to wait where another training has it.</param>
    /// <param name="inform">Hears that this one waits.</param>
    /// <param name="checkAlive">Throws where nobody wants to wait any longer.</param>
    /// <param name="cancellationToken">Ends a wait at once.</param>
    /// <exception cref="IOException">Another training has it, or it cannot be written to.</exception>
    public static CheckpointFolder Open(
        string path, TimeSpan timeout, Action<string> inform, Action checkAlive, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var token = Guid.NewGuid().ToString("N");
        for (var tries = 0; ; tries++)
        {
            if (TryLock(path, token) is { } locked)
            {
                return new(path, locked, token);
            }

            if (timeout != Timeout.InfiniteTimeSpan && watch.Elapsed >= timeout)
            {
                throw new IOException(
                    $"Another training keeps its checkpoints in '{path}' at this moment. Wait for its end "
                        + $"({nameof(Checkpoints)}.{nameof(Checkpoints.LockTimeout)}), or give this one a folder of its own.");
            }

            if (tries == 0)
            {
                inform($"Another training keeps its checkpoints in '{path}' at this moment. This one waits for its end.");
            }

            cancellationToken.WaitHandle.WaitOne(Between);
            checkAlive();
        }
    }

    /// <summary>Returns the names of the whole checkpoints in a folder, the newest first.</summary>
    /// <param name="path">The folder; it need not exist.</param>
    public static IReadOnlyList<string> Names(string path) => !Directory.Exists(path)
        ? []
        : [.. Directory.EnumerateDirectories(path, Prefix + "*")
            .Select(folder => Path.GetFileName(folder))
            .Where(name => WholeName().IsMatch(name)) // a folder of the user's is none, and is never deleted
            .OrderDescending(StringComparer.Ordinal)];

    /// <summary>Returns the name of a checkpoint: in the order of names, later ones stand behind earlier ones.</summary>
    /// <param name="place">Where the training stands.</param>
    public static string NameOf(TrainingPlace place) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{place.Epoch:D6}-pass-{place.Pass:D4}-step-{place.Step:D10}");

    /// <summary>Returns the path of a checkpoint.</summary>
    /// <param name="name">Its name.</param>
    public string PathOf(string name) => Path.Combine(_path, name);

    /// <summary>Adds a checkpoint, or replaces one of the same name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="write">Writes its files to a folder.</param>
    /// <exception cref="IOException">It cannot be written; the others stay as they are.</exception>
    public void Add(string name, Action<string> write)
    {
        var beside = PathOf("." + name + Unfinished);
        try
        {
            KeepLock();
            Directory.CreateDirectory(beside);
            write(beside);
            FolderFlush.Flush(beside);
            Remove(name);
            Directory.Move(beside, PathOf(name));
            FolderFlush.Flush(_path); // before older ones are deleted
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            TryDelete(beside);
            var last = Names(_path) is [var newest, ..] ? $"The last whole checkpoint is '{newest}'" : "There is no whole checkpoint yet";
            throw new IOException(
                $"The checkpoint '{name}' cannot be written to '{_path}': {fault.Message} {last}. Mend that, or make room there, and run "
                    + "the same training again.",
                fault);
        }
    }

    /// <summary>Deletes a checkpoint, if it is there; one that a dying process deletes in part is no checkpoint any more.</summary>
    /// <param name="name">Its name.</param>
    public void Remove(string name)
    {
        if (Directory.Exists(PathOf(name)))
        {
            var aside = PathOf("." + name + ".old" + Unfinished);
            Directory.Move(PathOf(name), aside);
            Directory.Delete(aside, recursive: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    [GeneratedRegex(@"^epoch-\d{6,}-pass-\d{4,}-step-\d{10,}$")]
    private static partial Regex WholeName();

    [GeneratedRegex(@"^\.epoch-\d{6,}-pass-\d{4,}-step-\d{10,}(\.old)?\.tmp$")]
    private static partial Regex LeftName();

    // A folder that was deleted meanwhile is made again; one that another training has made is that one's.
    private void KeepLock()
    {
        var anew = File.Exists(PathOf(LockName)) ? null : TryLock(_path, _token);
        if (anew is not null)
        {
            _lock.Dispose();
            _lock = anew;
        }
        else if (!IsOwn())
        {
            throw new IOException("the folder was deleted, and another training's came in its place.");
        }
    }

    // Another training has the lock a moment before it says so: nobody's is not this one's either.
    private bool IsOwn()
    {
        try
        {
            return File.ReadAllText(PathOf(OwnerName)) == _token;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
    }

    // Null where another process has it.
    private static FileStream? TryLock(string path, string token)
    {
        if (!Directory.Exists(path) && File.Exists(path))
        {
            var what = new FileInfo(path).LinkTarget is null ? "a file" : "a link that leads to no folder";
            throw new IOException($"Checkpoints need a folder, but '{path}' is {what}. Name another one.");
        }

        try
        {
            Directory.CreateDirectory(path);
            var locked = new FileStream(Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            try
            {
                File.WriteAllText(Path.Combine(path, OwnerName), token);
                return locked;
            }
            catch
            {
                locked.Dispose();
                throw;
            }
        }
        catch (Exception fault) when (IsLocked(fault))
        {
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new IOException(
                $"Checkpoints cannot be written to '{path}': {fault.Message} Choose a folder that can be written to.",
                fault);
        }
    }

    // EAGAIN of Linux and of macOS, and ERROR_SHARING_VIOLATION of Windows.
    private static bool IsLocked(Exception fault) => fault is IOException && fault.HResult is 11 or 35 or unchecked((int)0x8007_0020);

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The next training removes it; what matters is the first fault.
        }
    }
}
