using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

[TestClass]
public sealed class TrainingFolderTests
{
    [TestMethod]
    public void Read_BrokenFilesAndStop_NamesAllOfThem()
    {
        using var folder = new TempFolder();
        Write(folder, "cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png");
        Break(folder, "cat/3.png", "dog/0.jpg");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Read(folder.Path, unreadable: UnreadableImages.Stop));

        StringAssert.StartsWith(mistake.Message, "2 files cannot be read as images:");
        StringAssert.Contains(mistake.Message, Path.Combine("cat", "3.png"));
        StringAssert.Contains(mistake.Message, Path.Combine("dog", "0.jpg"));
    }

    [TestMethod]
    public void Read_BrokenFilesAndSkip_CountsThemAndKeepsTheRest()
    {
        using var folder = new TempFolder();
        Write(folder, "cat/1.png", "cat/2.png", "dog/1.png", "dog/2.png");
        Break(folder, "cat/3.png", "dog/0.jpg");

        var images = Read(folder.Path);

        Assert.AreEqual(2, images.Unreadable);
        Assert.HasCount(2, images.Training.Files);
        Assert.HasCount(2, images.Evaluation.Files);
    }

    [TestMethod]
    public void Read_AllImagesOfAClassBroken_NamesTheClass()
    {
        using var folder = new TempFolder();
        Write(folder, "cat/1.png", "cat/2.png");
        Break(folder, "dog/1.png", "dog/2.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Read(folder.Path));

        StringAssert.Contains(mistake.Message, "are broken: 'dog'.");
    }

    // Whose accuracy would be taken for that of new images.
    [TestMethod]
    public void Read_TestFolderThatIsTheTrainingFolder_IsRefused()
    {
        using var folder = new TempFolder();
        Write(folder, "photos/cat/1.png", "photos/cat/2.png", "photos/dog/1.png", "photos/dog/2.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(
            () => Read(folder.File("photos"), folder.File("photos/../photos/")));

        StringAssert.Contains(mistake.Message, "the folder that is trained on");
    }

    [TestMethod]
    public void Copies_TestImagesThatAreTrainingImages_AreFoundWithTheirOriginals()
    {
        using var folder = new TempFolder();
        Write(folder, "photos/cat/1.png", "photos/dog/1.png", "test/cat/copy.png", "test/dog/other.png");
        File.AppendAllText(folder.File("test/dog/other.png"), "of another length");
        File.WriteAllBytes(folder.File("photos/cat/2.png"), Changed(folder.File("photos/cat/1.png")));
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(folder.File("test/cat/link.png"), folder.File("photos/cat/1.png"));
        }

        var images = Read(folder.File("photos"), folder.File("test"));

        var (copy, original) = images.Copies()[0];
        Assert.HasCount(OperatingSystem.IsWindows() ? 1 : 2, images.Copies());
        Assert.AreEqual(folder.File("test/cat/copy.png"), copy);
        CollectionAssert.AreEqual(File.ReadAllBytes(original), File.ReadAllBytes(copy));

        // The last byte is of the end of a PNG, which no pixel comes from.
        static byte[] Changed(string path) => [.. File.ReadAllBytes(path).SkipLast(1), 0];
    }

    [TestMethod]
    public void Read_OneClass_SaysThatTwoAreNeeded()
    {
        using var folder = new TempFolder();
        Write(folder, "cat/1.png", "cat/2.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Read(folder.Path));

        StringAssert.Contains(mistake.Message, "has only one class folder, 'cat'.");
    }

    [TestMethod]
    public void Read_ClassOfOneImage_NamesTheClassAndTheWayOut()
    {
        using var folder = new TempFolder();
        Write(folder, "cat/1.png", "dog/1.png", "dog/2.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Read(folder.Path));

        StringAssert.Contains(mistake.Message, "have one readable image: 'cat'.");
        StringAssert.Contains(mistake.Message, "--test");
    }

    [TestMethod]
    public void Read_TestFolder_HoldsNothingBack()
    {
        using var folder = new TempFolder();
        using var test = new TempFolder();
        Write(folder, "cat/1.png", "dog/1.png", "dog/2.png");
        Write(test, "dog/3.png");

        var images = Read(folder.Path, test.Path);

        Assert.HasCount(3, images.Training.Files);
        Assert.AreEqual(test.File(Path.Combine("dog", "3.png")), images.Evaluation.Files.Single().ImagePath);
    }

    [TestMethod]
    public void Read_TestFolderWithAnotherClass_NamesIt()
    {
        using var folder = new TempFolder();
        using var test = new TempFolder();
        Write(folder, "cat/1.png", "dog/1.png");
        Write(test, "dog/3.png", "eel/1.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => Read(folder.Path, test.Path));

        StringAssert.Contains(mistake.Message, "has classes that the training folder lacks: 'eel'.");
    }

    private static TrainingFolder Read(
        string folder, string? testFolder = null, UnreadableImages unreadable = UnreadableImages.Skip) =>
        TrainingFolder.Read(
            new MLContext(), folder, testFolder, unreadable, validationFraction: 0.1, seed: 0, CancellationToken.None);

    private static void Write(TempFolder folder, params string[] names)
    {
        foreach (var path in names.Select(folder.File))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var image = MLImage.CreateFromPixels(8, 8, MLPixelFormat.Bgra32, new byte[8 * 8 * 4]);
            image.Save(path);
        }
    }

    private static void Break(TempFolder folder, params string[] names)
    {
        foreach (var path in names.Select(folder.File))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "no image");
        }
    }
}
