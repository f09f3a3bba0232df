using System.Runtime.InteropServices;
using SkiaSharp;

namespace NullaProp.ML.Samples.Images;

/// <summary>
/// The shipped subset of Fashion-MNIST (Data/fashion-mnist/README.md), unpacked to image files in class folders as most image data
/// comes.
/// </summary>
internal static class FashionMnist
{
    /// <summary>The height and width of every image, in pixels.</summary>
    public const int Side = 28;

    private const int TrainingImages = 10_000;
    private const int TestImages = 2_000;

    // The published names, but for "T-shirt/top": a slash cannot be in the name of a folder.
    private static readonly string[] ClassNames =
        ["T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>
    /// Makes sure that all files are there. The first run writes them; later ones find the mark that it leaves at its very end.
    /// </summary>
    /// <returns>The folder of <c>train</c> and the folder of <c>test</c>.</returns>
    public static (string Train, string Test) Unpack(string folder)
    {
        var train = Path.Combine(folder, "train");
        var test = Path.Combine(folder, "test");
        var mark = Path.Combine(folder, "complete");
        if (File.Exists(mark) && Count(train) == TrainingImages && Count(test) == TestImages)
            return (train, test);

        // What is left of an interrupted run could hold half an image.
        Directory.CreateDirectory(folder);
        File.Delete(mark);
        WriteImages("train", train);
        WriteImages("t10k", test);
        File.WriteAllText(mark, $"{TrainingImages} images in train, {TestImages} in test.\n");
        return (train, test);
    }

    private static int Count(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.png", SearchOption.AllDirectories).Count() : 0;

    private static void WriteImages(string publishedName, string folder)
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Data", "fashion-mnist");
        var images = IdxFile.Read(Path.Combine(source, $"{publishedName}-images-idx3-ubyte.gz"));
        var labels = IdxFile.Read(Path.Combine(source, $"{publishedName}-labels-idx1-ubyte.gz"));

        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
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
