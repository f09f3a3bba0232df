using Microsoft.ML.Data;

namespace NullaProp.ML.Samples.Images;

/// <summary>Says what is wrong with an image file. ML.NET's own message for an unreadable image does not name the file.</summary>
internal static class ImageFile
{
    /// <summary>Returns a sentence about the first file that cannot be read as an image, or <see langword="null"/> if all can.</summary>
    /// <remarks>Decodes every image, so it is for finding the cause of a failure, not for checking beforehand.</remarks>
    public static string? FirstFault(IEnumerable<ImageRow> rows) => rows.Select(row => Fault(row.ImagePath)).FirstOrDefault(fault => fault is not null);

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
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return $"The file '{path}' cannot be read as an image.";
        }
    }
}
