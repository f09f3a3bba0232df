namespace NullaProp.ML.Samples.Images;

/// <summary>
/// Reads a folder whose subfolders are the classes: <c>folder/cat/1.png</c> and <c>folder/cat/paris/1.png</c> show a cat.
/// </summary>
internal static class ImageFolder
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"];

    private static readonly EnumerationOptions WithSubfolders = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false, // an image that is silently left out would be missed by nobody
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
    };

    /// <summary>Returns every image of every class, by class name and then path, so that the order is the same on every machine.</summary>
    /// <exception cref="UserMistakeException">
    /// The folder is missing or cannot be read, has no classes, or classes have no images.
    /// </exception>
    public static IReadOnlyList<ImageRow> Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw new UserMistakeException($"There is no folder '{folder}'.");
        try
        {
            return ImagesByClass(new DirectoryInfo(folder));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The folder '{folder}' cannot be read: {exception.Message}", exception);
        }
    }

    private static List<ImageRow> ImagesByClass(DirectoryInfo folder)
    {
        var classes = folder.EnumerateDirectories()
            .Where(child => !IsHidden(child.Name))
            .OrderBy(child => child.Name, StringComparer.Ordinal)
            .Select(child => (child.Name, Images: ImagesOf(child)))
            .ToList();
        if (classes.Count == 0)
        {
            throw new UserMistakeException(
                $"The folder '{folder}' has no class folders. Put the images of each class into a folder named after the class.");
        }

        var empty = classes.Where(candidate => candidate.Images.Count == 0).Select(candidate => $"'{candidate.Name}'").ToList();
        return empty.Count == 0
            ? [.. classes.SelectMany(candidate => candidate.Images)]
            : throw new UserMistakeException(
                $"These class folders of '{folder}' have no images ({string.Join(", ", Extensions)}): {string.Join(", ", empty)}.");
    }

    /// <summary>Returns every image in a folder and the folders below it, by path.</summary>
    public static List<ImageRow> ImagesOf(DirectoryInfo classFolder) =>
        [.. classFolder.EnumerateFiles("*", WithSubfolders)
            .Where(file => Extensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase))
            .Select(file => (file.FullName, Parts: PartsBelow(classFolder, file)))
            .Where(file => !file.Parts.Any(IsHidden))
            .OrderBy(file => string.Join('/', file.Parts), StringComparer.Ordinal)
            .Select(file => new ImageRow { ImagePath = file.FullName, Label = classFolder.Name })];

    private static string[] PartsBelow(DirectoryInfo folder, FileInfo file) =>
        Path.GetRelativePath(folder.FullName, file.FullName).Split(Path.DirectorySeparatorChar);

    // Tools leave folders such as .git and files such as ._photo.jpg beside the images. Windows does not hide them.
    private static bool IsHidden(string name) => name.StartsWith('.');
}
