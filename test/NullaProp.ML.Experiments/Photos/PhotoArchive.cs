using System.IO.Compression;
using NullaProp.ML.Samples;

namespace NullaProp.ML.Experiments.Photos;

/// <summary>A photo of the published set: where it stands in it.</summary>
/// <param name="Part">train or test.</param>
/// <param name="Class">Its class.</param>
/// <param name="Number">Its number in the class, from 0.</param>
internal readonly record struct Photo(string Part, string Class, int Number)
{
    public string Path => $"{Part}/{Class}/{Number:D4}.jpg";
}

/// <summary>The published set: a zip of JPEG files, train/CLASS/NNNN.jpg and test/CLASS/NNNN.jpg.</summary>
internal static class PhotoArchive
{
    /// <summary>Writes photos into a folder, under their paths.</summary>
    /// <param name="archive">The zip.</param>
    /// <param name="photos">The photos.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="UserMistakeException">The archive lacks a photo.</exception>
    public static void Extract(string archive, IEnumerable<Photo> photos, string folder)
    {
        using var zip = ZipFile.OpenRead(archive);
        foreach (var photo in photos)
        {
            var path = Path.Combine(folder, photo.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var entry = zip.GetEntry(photo.Path)
                ?? throw new UserMistakeException($"The archive '{archive}' has no photo '{photo.Path}'.");
            entry.ExtractToFile(path);
        }
    }
}
