using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using SkiaSharp;

namespace NullaProp.ML.Samples.Images;

/// <summary>
/// The shipped subset of Fashion-MNIST (Data/fashion-mnist/README.md), unpacked to image files in class folders as most image data
/// comes.
/// </summary>
internal static partial class FashionMnist
{
    /// <summary>The height and width of every image, in pixels.</summary>
    public const int Side = 28;

    private const int TrainingImages = 10_000;
    private const int TestImages = 2_000;
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private const string Mark = "complete"; // earlier versions wrote into the folder itself, and this last

    // The published names, but for "T-shirt/top": a slash cannot be in the name of a folder.
    private static readonly string[] ClassNames =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>
    /// Makes sure that all files are there. The first run writes them to a folder beside and gives it its name at the very end; of two at
    /// once the second takes what the first has written. Other files in the folder stay.
    /// </summary>
    /// <returns>The folder of <c>train</c> and the folder of <c>test</c>.</returns>
    /// <exception cref="UserMistakeException">The folder holds something else.</exception>
    public static (string Train, string Test) Unpack(string folder)
    {
        if (!IsWhole(folder))
            WriteImages(folder);
        return (Train(folder), Test(folder));
    }

    private static string Train(string folder) => Path.Combine(folder, "train");

    private static string Test(string folder) => Path.Combine(folder, "test");

    // More files are somebody's own.
    private static bool IsWhole(string folder) =>
        File.Exists(Path.Combine(folder, Mark)) && Count(Train(folder)) >= TrainingImages && Count(Test(folder)) >= TestImages;

    private static void WriteImages(string folder)
    {
        DeleteAbandoned(folder);
        if (!IsFree(folder))
            return;
        var beside = $"{Path.TrimEndingDirectorySeparator(folder)}-{Guid.NewGuid():N}";
        try
        {
            WriteImages("train", Train(beside));
            WriteImages("t10k", Test(beside));
            File.WriteAllText(Path.Combine(beside, Mark), $"{TrainingImages} images in train, {TestImages} in test.\n");
            Directory.Move(beside, folder);
        }
        catch (IOException) when (IsWhole(folder))
        {
            // Another program has done the same meanwhile.
        }
        finally
        {
            if (Directory.Exists(beside))
                Directory.Delete(beside, recursive: true);
        }
    }

    // What programs left that were ended while they unpacked.
    private static void DeleteAbandoned(string folder)
    {
        var whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var parent = new DirectoryInfo(Path.GetDirectoryName(whole)!);
        if (!parent.Exists)
            return;
        var start = Path.GetFileName(whole) + "-";
        foreach (var left in parent.EnumerateDirectories())
        {
            var isOurs = left.Name.StartsWith(start, StringComparison.Ordinal) && LeftName().IsMatch(left.Name[start.Length..]);
            if (isOurs && DateTime.UtcNow - left.CreationTimeUtc > Abandoned)
                left.Delete(recursive: true);
        }
    }

    // A '?' in a search for folders matches no character, too: a folder of the user's would be deleted.
    [GeneratedRegex("^[0-9a-f]{32}$")]
    private static partial Regex LeftName();

    // Not where another program has just filled it.
    private static bool IsFree(string folder)
    {
        if (!Directory.Exists(folder))
            return true;
        if (Directory.EnumerateFileSystemEntries(folder).Any())
        {
            if (IsWhole(folder))
                return false;
            throw new UserMistakeException(
                $"The folder '{folder}' is for the images of Fashion-MNIST, but holds only a part of them, or something else. Delete it, "
                + "or move what is yours to another place.");
        }

        Directory.Delete(folder);
        return true;
    }

    private static int Count(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories).Count() : 0;

    private static void WriteImages(string publishedName, string folder)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Data", "fashion-mnist");
        var images = IdxFile.Read(Path.Combine(source, $"{publishedName}-images-idx3-ubyte.gz"));
        var labels = IdxFile.Read(Path.Combine(source, $"{publishedName}-labels-idx1-ubyte.gz"));

        foreach (var className in ClassNames)
            Directory.CreateDirectory(Path.Combine(folder, className));

        Parallel.For(0, labels.Values.Length, i =>
        {
            var path = Path.Combine(folder, ClassNames[labels.Values[i]], $"{i:00000}.png");
            WriteGreyPng(path, images.Values, i * Side * Side);
        });
    }

    private static void WriteGreyPng(string path, byte[] pixels, int start)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Gray8));
        Marshal.Copy(pixels, start, bitmap.GetPixels(), Side * Side); // Skia pads no row of 28 bytes: it is a multiple of 4.
        using var file = File.Create(path);
        bitmap.Encode(file, SKEncodedImageFormat.Png, quality: 100);
    }
}
