using Microsoft.ML.Data;

namespace NullaProp.ML.Tests.Samples;

/// <summary>A folder for each of three classes, with small pictures that are easy to tell apart.</summary>
internal static class PictureFolder
{
    private const int Side = 32;
    private const int PicturesOfAClass = 12;

    /// <summary>Gets the names of the classes, in order.</summary>
    public static string[] Classes { get; } = ["cat", "dog", "owl"];

    /// <summary>Gets the number of pictures.</summary>
    public static int Pictures => Classes.Length * PicturesOfAClass;

    /// <summary>Writes them: of each class the first as a JPEG in a folder below, the others as PNG.</summary>
    public static void Write(string folder)
    {
        var random = new Random(1);
        for (var kind = 0; kind < Classes.Length; kind++)
        {
            for (var index = 0; index < PicturesOfAClass; index++)
            {
                var name = index == 0 ? Path.Combine("nested", "0.jpg") : $"{index}.png";
                var path = Path.Combine(folder, Classes[kind], name);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                using var image = MLImage.CreateFromPixels(Side, Side, MLPixelFormat.Bgra32, Draw(kind, random));
                image.Save(path);
            }
        }
    }

    // Each class has its own third of the picture bright, in its own colour.
    private static byte[] Draw(int kind, Random random) =>
        [.. Enumerable.Range(0, Side * Side).SelectMany(pixel =>
        {
            var isThird = pixel / Side * Classes.Length / Side == kind;
            var colour = Enumerable.Range(0, 3).Select(channel => (byte)((isThird && channel == kind ? 200 : 40) + random.Next(40)));
            return colour.Append(byte.MaxValue);
        })];
}
