using System.Collections.Frozen;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.ImageFiles;
using NullaProp.ML.Interop;
using NullaProp.ML.Randomness;

namespace NullaProp.ML;

/// <summary>An image file and the class it shows. ML.NET reads the properties by name.</summary>
public sealed class ImageRow
{
    /// <summary>Gets the path of the file.</summary>
    public string ImagePath { get; init; } = string.Empty;

    /// <summary>
    /// Gets the name of the class, which is that of the class folder, also where the file lies in a folder below it; empty where it is not
    /// known.
    /// </summary>
    public string Label { get; init; } = string.Empty;
}

/// <summary>Says whether a file can be read by <see cref="NoPropCatalog.LoadImageFiles"/>.</summary>
public static class ImageFile
{
    /// <summary>
    /// Returns a sentence about a file that cannot be read as an image, or <see langword="null"/> where it can. Decodes all of it.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <returns>The sentence, which has the path.</returns>
    public static string? Fault(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return ImageDecoder.Fault(() => ImageDecoder.Read(path, ImageDecoder.Smallest));
    }

    /// <summary>Returns a sentence about an image that is no file, such as one that was sent to a server.</summary>
    /// <param name="image">
    /// What a file of it would hold, read from where it stands to its end. One that can seek stands there again afterwards; another one is
    /// used up.
    /// </param>
    /// <returns>The sentence, which starts with "The data"; <see langword="null"/> where the image can be read.</returns>
    public static string? Fault(Stream image)
    {
        ArgumentNullException.ThrowIfNull(image);
        using var file = new MemoryStream();
        var start = image.CanSeek ? image.Position : (long?)null;
        image.CopyTo(file);
        if (start is { } place)
        {
            image.Position = place;
        }

        return ImageDecoder.Fault(() => ImageDecoder.Decode(file.ToArray(), "The data", ImageDecoder.Smallest));
    }
}

/// <summary>What to do about files that cannot be read as images.</summary>
public enum UnreadableImages
{
    /// <summary>Name all of them and end.</summary>
    Stop,

    /// <summary>Leave them out; <see cref="ImageFolder.Unreadable"/> says which and why.</summary>
    Skip,
}

/// <summary>
/// The images of a folder whose subfolders are the classes: <c>folder/cat/1.jpg</c> and <c>folder/cat/paris/1.jpg</c> show a cat. See
/// <see cref="NoPropCatalog.LoadImageFolder"/>.
/// </summary>
public sealed class ImageFolder
{
    private readonly DataOperationsCatalog _catalog;

    internal ImageFolder(
        DataOperationsCatalog catalog,
        string path,
        IReadOnlyList<string> classNames,
        IReadOnlyList<ImageRow> files,
        IReadOnlyDictionary<string, string> unreadable,
        IReadOnlyList<string> withoutClass)
    {
        (_catalog, Path, ClassNames, Files, Unreadable, WithoutClass) = (catalog, path, classNames, files, unreadable, withoutClass);
        Data = KeyedData();
    }

    /// <summary>Gets the folder.</summary>
    public string Path { get; }

    /// <summary>Gets the names of the classes, in the order of their keys.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>Gets the images, by class and then path, so that the order is the same on every machine.</summary>
    public IReadOnlyList<ImageRow> Files { get; }

    /// <summary>Gets the files that were left out, and for each a sentence that says why.</summary>
    public IReadOnlyDictionary<string, string> Unreadable { get; }

    /// <summary>
    /// Gets the images that lie beside the class folders and so have no class; they are left out, and <c>mlContext.Log</c> warns of them.
    /// </summary>
    public IReadOnlyList<string> WithoutClass { get; }

    /// <summary>Gets the number of images of each class of <see cref="ClassNames"/>.</summary>
    public IReadOnlyDictionary<string, int> Counts
    {
        get
        {
            var counts = Files.CountBy(file => file.Label).ToDictionary();
            return ClassNames.ToDictionary(name => name, name => counts.GetValueOrDefault(name));
        }
    }

    /// <summary>Gets the rows: <c>ImagePath</c>, a text, and <c>Label</c>, a key of <see cref="ClassNames"/>, so that no
    /// <c>MapValueToKey</c> is needed and all parts of a folder have the same keys.</summary>
    public IDataView Data { get; }

    /// <summary>
    /// Holds a part of the images back, with the same share of every class: at least one image of each, and never all. Split what remains
    /// again for a third part.
    /// </summary>
    /// <param name="fraction">The share held back, above 0 and below 1.</param>
    /// <param name="seed">Decides which images are held back: the same seed and files give the same parts.</param>
    /// <returns>The images that remain, and those held back.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not above 0 and below 1.</exception>
    /// <exception cref="InvalidOperationException">A class has a single image; the message names all such classes.</exception>
    public (ImageFolder Remaining, ImageFolder HeldBack) Split(double fraction, int seed = 0)
    {
        if (fraction is not (> 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(fraction),
                string.Create(CultureInfo.InvariantCulture, $"The share held back is {fraction}, but must be above 0 and below 1."));
        }

        List<string> single = [.. Counts.Where(count => count.Value == 1).Select(count => count.Key)];
        if (single.Count > 0)
        {
            throw new InvalidOperationException(
                $"These classes of '{Path}' have one readable image: {NameList.Quoted(single)}. Each needs one to train on and "
                + "one to hold back. Add images, or use a folder of test images.");
        }

        HashSet<ImageRow> held = [];
        var streams = Splits == 0 ? new RandomStreams(seed) : new RandomStreams(seed).After($"{Splits} splits");
        foreach (var images in Files.GroupBy(file => file.Label))
        {
            var all = images.ToArray();
            var count = Math.Clamp((int)Math.Round(all.Length * fraction), 1, all.Length - 1);
            held.UnionWith(streams.Of($"split/{images.Key}", 0, 0).Permutation(all.Length).Take(count).Select(place => all[place]));
        }

        return (Part(file => !held.Contains(file)), Part(held.Contains));
    }

    /// <summary>Finds images without classes, as for scoring.</summary>
    /// <param name="folder">A folder; hidden files and folders in it are skipped.</param>
    /// <returns>Its image files and those below it, sorted by path; unread. Their labels are the folder's name.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidOperationException">
    /// A link leads to a folder that is read already, or the name of a folder is no UTF-8.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">A folder may not be read.</exception>
    public static IReadOnlyList<ImageRow> ImagesOf(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return ImageFolderReader.ImagesOf(new DirectoryInfo(folder));
    }

    // How many splits this part comes from: one of a part must not draw the numbers of that before, or it would hold back the neighbours of
    // what that held back.
    private int Splits { get; init; }

    private ImageFolder Part(Func<ImageRow, bool> isIn) =>
        new(_catalog, Path, ClassNames, [.. Files.Where(isIn)], FrozenDictionary<string, string>.Empty, []) { Splits = Splits + 1 };

    private IDataView KeyedData()
    {
        var schema = SchemaDefinition.Create(typeof(KeyedFile));
        var label = schema[nameof(KeyedFile.Label)];
        label.ColumnType = new KeyDataViewType(typeof(uint), ClassNames.Count);
        ReadOnlyMemory<char>[] names = [.. ClassNames.Select(name => name.AsMemory())];
        label.AddAnnotation(
            AnnotationKinds.KeyValues,
            new VBuffer<ReadOnlyMemory<char>>(names.Length, names),
            new VectorDataViewType(TextDataViewType.Instance, names.Length));
        var keys = ClassNames.Index().ToDictionary(name => name.Item, name => (uint)name.Index);
        List<KeyedFile> rows = [.. Files.Select(file => new KeyedFile { ImagePath = file.ImagePath, Label = keys[file.Label] })];
        return DataAtRest.Of(HostEnvironment.Of(_catalog), rows, schema);
    }

    private sealed class KeyedFile
    {
        public string ImagePath { get; init; } = string.Empty;

        public uint Label { get; init; } // from 0, as ML.NET takes it; it hands it out from 1
    }
}
