using Microsoft.ML.Data;

namespace NullaProp.ML.Samples.Images;

/// <summary>Says what is wrong with an image file. ML.NET's own message for an unreadable image does not name the file.</summary>
internal static class ImageFile
{
    /// <summary>Returns the images whose files cannot be read, in their order. Decodes every image, on all cores.</summary>
    public static IReadOnlyList<ImageRow> Unreadable(IEnumerable<ImageRow> images) =>
        [.. images.AsParallel().AsOrdered().Where(image => Fault(image.ImagePath) is not null)];

    /// <summary>Returns a sentence that names all of some unreadable files.</summary>
    public static string Describe(IReadOnlyList<ImageRow> unreadable) => unreadable is [var only]
        ? Fault(only.ImagePath) ?? $"The file '{only.ImagePath}' could not be read as an image."
        : $"These {unreadable.Count:N0} files cannot be read as images:\n"
            + string.Join('\n', unreadable.Select(image => $"  {image.ImagePath}"));

    /// <summary>Returns a sentence about the file if it cannot be read as an image, or <see langword="null"/> if it can.</summary>
    public static string? Fault(string path)
    {
        if (!File.Exists(path))
            return $"There is no image file '{path}'.";
        try
        {
            using var image = MLImage.CreateFromFile(path);
            return null;
        }
        catch (Exception exception) when (exception
            is ArgumentException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return $"The file '{path}' cannot be read as an image.";
        }
    }
}
