namespace NullaProp.ML.Samples.Images;

/// <summary>Reads a folder whose subfolders are the classes: <c>folder/cat/1.png</c> shows a cat.</summary>
internal static class ImageFolder
{
    private static readonly string[] Extensions = [".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif"];

    /// <summary>Returns every image of every class, by class name and then file name, so that the order is the same on every machine.</summary>
    /// <exception cref="UserMistakeException">The folder is missing, has fewer than two classes, or a class has no image.</exception>
    public static IReadOnlyList<ImageRow> Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw new UserMistakeException($"There is no folder '{folder}'.");

        var classes = ClassFolders(folder);
        if (classes.Count == 0)
            throw new UserMistakeException($"The folder '{folder}' has no class folders. Put the images of each class into a folder named after the class.");
        if (classes.Count == 1)
            throw new UserMistakeException($"The folder '{folder}' has only one class folder, '{classes[0].Name}'. A classifier needs two classes or more.");

        return [.. classes.SelectMany(ImagesOf)];
    }

    private static List<DirectoryInfo> ClassFolders(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateDirectories()
            .Where(child => !IsHidden(child))
            .OrderBy(child => child.Name, StringComparer.Ordinal)];

    private static List<ImageRow> ImagesOf(DirectoryInfo classFolder)
    {
        List<ImageRow> images = [.. classFolder.EnumerateFiles()
            .Where(file => Extensions.Contains(file.Extension, StringComparer.OrdinalIgnoreCase) && !IsHidden(file))
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => new ImageRow { ImagePath = file.FullName, Label = classFolder.Name })];

        return images.Count > 0
            ? images
            : throw new UserMistakeException($"The class folder '{classFolder.FullName}' has no images ({string.Join(", ", Extensions)}).");
    }

    // Tools leave folders such as .git and files such as ._photo.jpg beside the images.
    private static bool IsHidden(FileSystemInfo entry) => entry.Name.StartsWith('.');
}
