using Microsoft.ML.Data;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Documentation;

[TestClass]
public sealed class ReadmeTests
{
    [TestMethod]
    public void Program_IsTheProgramThatTheTestsCompile()
    {
        var readme = Lines(Between(
            File.ReadAllText(Repository.PathOf("README.md")).ReplaceLineEndings("\n"),
            "```csharp\nusing Microsoft.ML;",
            "class Prediction"));
        var example =
            Lines(Between(
                File.ReadAllText(Repository.PathOf("test", "NullaProp.ML.Tests", "Documentation", "ReadmeExample.cs")),
                "// <example>",
                "// </example>"));

        var program = readme.Where(line => !line.StartsWith("using ", StringComparison.Ordinal)).ToArray();

        CollectionAssert.AreEqual(example, program);
    }

    [TestMethod]
    public void Program_OnTwoFoldersOfPictures_SavesAModelAndNamesAClass()
    {
        var folder = Directory.CreateTempSubdirectory("readme");
        var (here, console) = (Environment.CurrentDirectory, Console.Out);
        using var output = new StringWriter();
        try
        {
            WritePictures(folder.CreateSubdirectory(Path.Combine("photos", "cat")).FullName, brightness: 200);
            WritePictures(folder.CreateSubdirectory(Path.Combine("photos", "dog")).FullName, brightness: 50);
            Environment.CurrentDirectory = folder.FullName;
            Console.SetOut(output);

            ReadmeExample.Run();

            Assert.IsTrue(File.Exists("model.zip"));
            StringAssert.EndsWith(output.ToString().Trim(), "cat");
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = here;
            folder.Delete(recursive: true);
        }
    }

    private static void WritePictures(string folder, byte brightness)
    {
        for (var i = 0; i < 40; i++)
        {
            var pixels = new byte[28 * 28 * 4];
            Array.Fill(pixels, (byte)(brightness + i)); // all four of blue, green, red and alpha
            using var image = MLImage.CreateFromPixels(28, 28, MLPixelFormat.Bgra32, pixels);
            image.Save(Path.Combine(folder, $"{i}.jpg"));
        }
    }

    private static string Between(string text, string start, string end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal) + start.Length;
        return text[from..text.IndexOf(end, from, StringComparison.Ordinal)];
    }

    private static string[] Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
}
