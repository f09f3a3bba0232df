using System.Collections.ObjectModel;
using System.IO.Compression;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using Microsoft.ML;

namespace NullaProp.ML.Interop;

/// <summary>
/// What ML.NET and .NET do not look at in the zip file of a model: the check sums of its entries, and names that lead out of it. The hashes
/// of a NoProp model prove its own files; a changed normalizer beside it would change its scores as silently.
/// </summary>
internal static class ModelArchive
{
    private const long AlwaysRead = 64 << 20; // bytes
    private const int MostShrunk = 100; // to this part of its length; larger entries that shrank more are made to burst

    /// <summary>Returns the folders that hold a file, each once, though a zip may have a file twice.</summary>
    /// <param name="repository">The zip file.</param>
    /// <param name="fileName">The file's name.</param>
    /// <exception cref="FormatException">An entry would be unpacked outside of the model, or not be found.</exception>
    public static IReadOnlyList<string> FoldersWith(RepositoryReader repository, string fileName) =>
    [
        .. Inside(repository).Select(entry => Parts(entry.FullName)).Where(parts => parts[^1] == fileName)
            .Select(parts => Path.Combine(parts[..^1])).Distinct(),
    ];

    /// <summary>Checks all entries but one.</summary>
    /// <param name="context">A model that is being loaded.</param>
    /// <param name="provenFile">A file of it that is proven otherwise.</param>
    /// <exception cref="FormatException">An entry is not what was saved, or would be unpacked outside of the model.</exception>
    public static void Check(ModelLoadContext context, string provenFile)
    {
        var proven = Parts(Path.Combine(context.Directory ?? string.Empty, provenFile));
        foreach (var entry in Inside(context.Repository))
        {
            if (!Parts(entry.FullName).SequenceEqual(proven) && !IsMadeToBurst(entry) && !IsWhole(entry))
            {
                throw new FormatException(
                    $"The entry '{entry.FullName}' of the file is not the one that was saved: it was changed or is damaged. Restore the "
                        + "file, or train and save the model again.");
            }
        }
    }

    /// <summary>Checks that ML.NET will come back from reading the columns of a model's input.</summary>
    /// <param name="repository">The zip file.</param>
    /// <exception cref="FormatException">It would not.</exception>
    public static void CheckSchema(RepositoryReader repository)
    {
        if (Inside(repository).FirstOrDefault(entry => entry.FullName == SchemaEntry.Name) is not { } entry || IsMadeToBurst(entry))
        {
            return;
        }

        using var contents = entry.Open();
        if (SchemaEntry.MissingDimensions(contents) is { } promised)
        {
            throw UserFault.Of(new FormatException(
                $"The entry '{SchemaEntry.Name}' of the file promises a vector of {promised} dimensions that are not there: it was changed "
                    + "or is damaged, and ML.NET would read without end. Restore the file, or train and save the model again."));
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_archive")]
    private static extern ref ZipArchive Of(RepositoryReader repository);

    private static ReadOnlyCollection<ZipArchiveEntry> Inside(RepositoryReader repository)
    {
        var entries = Of(repository).Entries;
        foreach (var name in entries.Select(entry => entry.FullName))
        {
            if (Path.IsPathRooted(name) || Parts(name).Contains(".."))
            {
                throw UserFault.Of(new FormatException(
                    $"The file holds an entry '{name}', which would be unpacked outside of the model; no model is saved so. Do not load "
                        + "it."));
            }

            if (Parts(name).AsSpan(..^1).Contains(string.Empty) || Parts(name).Contains("."))
            {
                throw UserFault.Of(new FormatException(
                    $"The file holds an entry '{name}', which ML.NET does not find under this name; no model is saved so. Restore "
                        + "the file, or pack its files again from inside their folder, without './' before their names."));
            }
        }

        return entries;
    }

    // As ML.NET reads them: on Windows it writes backslashes. The last part of a folder's own entry is empty.
    private static string[] Parts(string entry) => entry.Split('/', '\\');

    // ML.NET opens no such entry by itself, and whoever opens it unpacks it.
    private static bool IsMadeToBurst(ZipArchiveEntry entry) =>
        entry.Length > AlwaysRead && entry.Length / MostShrunk > entry.CompressedLength;

    private static bool IsWhole(ZipArchiveEntry entry)
    {
        var sum = new Crc32();
        var buffer = new byte[81920];
        var length = 0L;
        try
        {
            using var stream = entry.Open();
            for (int count; length <= entry.Length && (count = stream.Read(buffer)) > 0; length += count)
            {
                sum.Append(buffer.AsSpan(0, count));
            }
        }
        catch (InvalidDataException)
        {
            return false;
        }

        return length == entry.Length && sum.GetCurrentHashAsUInt32() == entry.Crc32;
    }
}
