using System.Collections.Frozen;
using Microsoft.ML;
using NullaProp.ML.ImageFiles;
using NullaProp.ML.Interop;

namespace NullaProp.ML;

/// <summary>Finds the images of a folder of class folders, and reads each of them once.</summary>
internal static class ImageFolderReader
{
    // What other programs save photos as is among them, so that it is named and not overlooked.
    private static readonly FrozenSet<string> Extensions = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".heic", ".heif", ".avif", ".jxl", ".jp2", ".tif", ".tiff");

    private const string NoCharacter = "\uFFFD"; // what .NET reads where there is none

    private static readonly EnumerationOptions Plain = new()
    {
        IgnoreInaccessible = false, // an image that is silently left out would be missed by nobody
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System,
    };

    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true }; // for a hint

    /// <summary>Reads a folder.</summary>
    /// <param name="catalog">Makes the rows.</param>
    /// <param name="path">The folder.</param>
    /// <param name="unreadable">What to do about broken files.</param>
    /// <param name="classNames">The classes that there may be; <see langword="null"/> for those found, two or more.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="ArgumentException">A class is named twice, or has no name, or none is named.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="InvalidOperationException">The images are not enough, or some are broken; the message says which.</exception>
    public static ImageFolder Read(
        DataOperationsCatalog catalog,
        string path,
        UnreadableImages unreadable,
        IReadOnlyList<string>? classNames,
        CancellationToken cancellationToken)
    {
        if (classNames is [])
        {
            throw new ArgumentException(
                "No class is named. Give the class names of the training folder, or null for those that are found.", nameof(classNames));
        }

        if (classNames?.Any(string.IsNullOrEmpty) == true)
        {
            throw new ArgumentException("A class name is null or empty, but folders have names. Leave it out.", nameof(classNames));
        }

        if (classNames?.GroupBy(name => name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"The class '{twice.Key}' is named twice. Name each class once.", nameof(classNames));
        }

        var files = Found(path, mayBeEmpty: classNames is not null);
        var withoutClass = OutsideClasses(new DirectoryInfo(path));
        string[] found = [.. files.Select(file => file.Label).Distinct()];
        CheckClasses(path, found, classNames);
        var broken = files.AsParallel().AsOrdered().WithCancellation(cancellationToken)
            .Select(file => (file.ImagePath, Fault: ImageFile.Fault(file.ImagePath)))
            .Where(file => file.Fault is not null)
            .ToFrozenDictionary(file => file.ImagePath, file => file.Fault!);
        if (broken.Count > 0 && unreadable == UnreadableImages.Stop)
        {
            throw Fault($"{Listed(files, broken)} Mend or remove what is broken, or leave it out "
                + $"({nameof(UnreadableImages)}.{nameof(UnreadableImages.Skip)}).");
        }

        List<ImageRow> readable = files.FindAll(file => !broken.ContainsKey(file.ImagePath));
        var lost = found.Except(readable.Select(file => file.Label)).ToList();
        if (lost.Count == 0)
        {
            Warn(catalog, path, withoutClass);
            return new ImageFolder(catalog, path, classNames ?? found, readable, broken, withoutClass);
        }

        var first = files.Find(file => file.Label == lost[0])!;
        throw Fault($"All images of these classes of '{path}' are broken: {NameList.Quoted(lost)}. {broken[first.ImagePath]}");
    }

    // The current folder is not always the one that people think of.
    private static string WhereLookedFor(string path) =>
        Path.IsPathRooted(path) ? string.Empty : $" It was looked for at '{Path.GetFullPath(path)}'.";

    private static void CheckClasses(string path, string[] found, IReadOnlyList<string>? wanted)
    {
        if (found.GroupBy(name => name.Normalize()).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Fault(
                $"The folder '{path}' has {twice.Count()} class folders of the name '{twice.Key}', which differ in characters of Unicode "
                + "alone (a letter and its accent as one character, or as two). Put their images into one folder.");
        }

        if (wanted is null && found is [var only])
        {
            throw Fault($"The folder '{path}' has only one class folder, '{only}'. A classifier needs two classes or more.");
        }

        if (wanted is not null && found.Except(wanted).ToList() is { Count: > 0 } unknown)
        {
            throw Fault(
                $"The folder '{path}' has classes that the training folder lacks: {NameList.Quoted(unknown)}. A model knows only "
                + $"the classes that it was trained on: {NameList.Quoted(wanted)}.");
        }
    }

    // By class name and then path.
    private static List<ImageRow> Found(string path, bool mayBeEmpty)
    {
        if (!Directory.Exists(path))
        {
            throw new DirectoryNotFoundException(
                File.Exists(path)
                    ? $"'{path}' is a file, but must be a folder of class folders."
                    : $"There is no folder '{path}'.{WhereLookedFor(path)}");
        }

        try
        {
            return ByClass(new DirectoryInfo(path), mayBeEmpty);
        }
        catch (UnauthorizedAccessException fault)
        {
            throw new IOException($"The folder '{path}' cannot be read: {fault.Message}", fault);
        }
    }

    private static List<ImageRow> ByClass(DirectoryInfo folder, bool mayBeEmpty)
    {
        HashSet<string> read = [RealPath(folder)];
        var classes = folder.EnumerateDirectories("*", Plain)
            .Where(child => !IsHidden(child.Name))
            .OrderBy(child => child.Name, StringComparer.Ordinal)
            .Select(child => (child.Name, Images: ImagesOf(child, read)))
            .ToList();
        if (classes.Count == 0)
        {
            throw Fault($"The folder '{folder}' has no class folders{NotBelow(folder)}");
        }

        CheckLevel(folder, classes);
        var empty = classes.Where(candidate => candidate.Images.Count == 0).Select(candidate => candidate.Name).ToList();
        return empty.Count == 0 || mayBeEmpty
            ? [.. classes.SelectMany(candidate => candidate.Images)]
            : throw Fault(
                $"These class folders of '{folder}' have no images ({string.Join(", ", Extensions.Order(StringComparer.Ordinal))}): "
                + $"{NameList.Quoted(empty)}.");
    }

    private static string NotBelow(DirectoryInfo folder)
    {
        const string advice = "Put the images of each class into a folder named after the class.";
        var loose = OutsideClasses(folder).Count;
        if (loose == 0)
        {
            return $". {advice}";
        }

        var siblings = folder.Parent?.EnumerateDirectories("*", Readable).Where(other => !IsHidden(other.Name)) ?? [];
        var beside = siblings.Count(other => other.EnumerateFiles("*", Readable).Any(IsImage));
        return beside > 1 ? $", but {Images(loose)}. If it holds one class itself, load the folder above it, '{folder.Parent}'."
            : $", but {Images(loose)}. {advice}";
    }

    private static string Images(int count) => count == 1 ? "1 image" : $"{count} images";

    // Images beside the class folders show no class.
    private static IReadOnlyList<string> OutsideClasses(DirectoryInfo folder) =>
    [
        .. folder.EnumerateFiles("*", Plain)
            .Where(IsImage)
            .Select(file => file.FullName)
            .Order(StringComparer.Ordinal),
    ];

    private static bool IsImage(FileInfo file) => Extensions.Contains(file.Extension) && !IsHidden(file.Name);

    // Files of class folders that begin as pictures do, and have names that end otherwise: those of cameras' own formats, say.
    private static List<string> Misnamed(DirectoryInfo folder)
    {
        HashSet<string> read = [RealPath(folder)];
        return
        [
            .. folder.EnumerateDirectories("*", Plain)
                .Where(child => !IsHidden(child.Name))
                .SelectMany(child => FilesOf(child, read))
                .Where(file => !IsImage(file) && !IsHidden(file.Name) && ImageFormatMark.IsAtStartOf(file))
                .Select(file => file.Name)
                .Order(StringComparer.Ordinal),
        ];
    }

    private static void Warn(DataOperationsCatalog catalog, string path, IReadOnlyList<string> withoutClass)
    {
        using var log = new TrainingLog(HostEnvironment.Of(catalog).Start(nameof(NoPropCatalog.LoadImageFolder)), logger: null);
        if (Misnamed(new DirectoryInfo(path)) is { Count: > 0 } misnamed)
        {
            log.Warning(
                $"{Images(misnamed.Count)} of '{path}' left out, for their names do not end as those of pictures that are read do: "
                + $"{NameList.Quoted(misnamed)}. Save them as JPEG or PNG, or give them the names.");
        }

        if (withoutClass.Count > 0)
        {
            log.Warning(
                $"{Images(withoutClass.Count)} of '{path}' beside its class folders, and so of no class, left out: "
                + $"{NameList.Quoted(withoutClass.Select(Path.GetFileName).OfType<string>())}.");
        }
    }

    // A folder of train and test, of which one at least has the class folders: its classes would be "train" and "test". A single class may
    // have such a name, trains among cars say, and folders for what it shows.
    private static void CheckLevel(DirectoryInfo folder, List<(string Name, List<ImageRow> Images)> classes)
    {
        string[] names = ["train", "training", "test", "testing", "val", "valid", "validation", "unlabeled", "unlabelled"];
        var parts = classes.Where(one => names.Contains(one.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        var nested = parts.FindAll(part => Below(part).Count > 1);
        if (nested.Count > 0 && (parts.Count > 1 || classes.Count == 1))
        {
            var found = nested.MinBy(part => !part.Name.StartsWith("train", StringComparison.OrdinalIgnoreCase));
            throw Fault(
                $"The folder '{found.Name}' of '{folder}' has no images itself, but folders of images: {NameList.Quoted(Below(found))}. If "
                + $"these are the classes, load '{Path.Combine($"{folder}", found.Name)}' by itself.");
        }

        // None where an image lies in the folder itself.
        List<string> Below((string Name, List<ImageRow> Images) part)
        {
            var above = Path.Combine(folder.FullName, part.Name);
            var paths = part.Images.ConvertAll(image => Path.GetRelativePath(above, image.ImagePath).Split(Path.DirectorySeparatorChar));
            return paths.Exists(path => path.Length == 1) ? [] : [.. paths.Select(path => path[0]).Distinct()];
        }
    }

    /// <summary>Returns the image files in a folder and those below it, by path.</summary>
    /// <param name="classFolder">The folder; its name is their label.</param>
    public static List<ImageRow> ImagesOf(DirectoryInfo classFolder) => ImagesOf(classFolder, []);

    private static List<ImageRow> ImagesOf(DirectoryInfo classFolder, HashSet<string> read) =>
    [
        .. FilesOf(classFolder, read)
            .Where(IsImage)
            .OrderBy(file => Path.GetRelativePath(classFolder.FullName, file.FullName).Replace(Path.DirectorySeparatorChar, '/'),
                StringComparer.Ordinal)
            .Select(file => new ImageRow { ImagePath = file.FullName, Label = classFolder.Name }),
    ];

    // A link to a folder that is read already would give its images twice, or to two classes.
    private static IEnumerable<FileInfo> FilesOf(DirectoryInfo folder, HashSet<string> read)
    {
        if (folder.Name.Contains(NoCharacter, StringComparison.Ordinal))
        {
            throw Fault(
                $"The name of the folder '{folder.FullName}' is no text in UTF-8, as one may be that came from Windows in an archive, and "
                + "cannot be opened by it. Rename the folder.");
        }

        if (!read.Add(RealPath(folder)))
        {
            throw Fault(
                $"The folder '{folder.FullName}' leads by a link to '{RealPath(folder)}', which is read already: its images would count "
                + "twice. Remove the link.");
        }

        return folder.EnumerateFiles("*", Plain).Concat(folder.EnumerateDirectories("*", Plain)
            .Where(child => !IsHidden(child.Name))
            .SelectMany(child => FilesOf(child, read)));
    }

    // Without links, also among the folders above.
    private static string RealPath(DirectoryInfo folder)
    {
        var path = folder.Parent is { } above ? Path.Combine(RealPath(above), folder.Name) : folder.FullName;
        return new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: false) is { } target
            ? RealPath(new DirectoryInfo(Path.TrimEndingDirectorySeparator(target.FullName)))
            : path;
    }

    // Tools leave folders such as .git and files such as ._photo.jpg beside the images, and archives __MACOSX. Windows does not hide them.
    private static bool IsHidden(string name) => name.StartsWith('.') || name == "__MACOSX";

    private static string Listed(List<ImageRow> files, FrozenDictionary<string, string> broken)
    {
        var faults = files.Where(file => broken.ContainsKey(file.ImagePath)).Select(file => broken[file.ImagePath]).ToList();
        return faults is [var only] ? only : $"{faults.Count} files cannot be read as images:\n  {string.Join("\n  ", faults)}\n";
    }

    private static InvalidOperationException Fault(string message) => UserFault.Of(new InvalidOperationException(message));
}
