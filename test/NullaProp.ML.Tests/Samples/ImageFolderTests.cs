using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

[TestClass]
public sealed class ImageFolderTests
{
    [TestMethod]
    public void Read_EveryEndingInAnyCaseAndNestedFolders_AreFoundInOrder()
    {
        using var folder = new TempFolder();
        Touch(folder, "dog/b.JPG", "dog/a/z.jpeg", "dog/c.Png", "cat/1.bmp", "cat/2.gif", "cat/deep/er/3.WEBP", "cat/notes.txt");

        var images = ImageFolder.Read(folder.Path);

        CollectionAssert.AreEqual(
            new[] { "cat/1.bmp", "cat/2.gif", "cat/deep/er/3.WEBP", "dog/a/z.jpeg", "dog/b.JPG", "dog/c.Png" },
            images.Select(image => Path.GetRelativePath(folder.Path, image.ImagePath).Replace('\\', '/')).ToArray());
        CollectionAssert.AreEqual(new[] { "cat", "cat", "cat", "dog", "dog", "dog" }, images.Select(image => image.Label).ToArray());
    }

    [TestMethod]
    public void Read_HiddenFilesAndFolders_AreSkipped()
    {
        using var folder = new TempFolder();
        Touch(folder, "cat/1.png", "cat/._1.png", "cat/.thumbs/2.png", ".git/3.png", "dog/4.png");

        var images = ImageFolder.Read(folder.Path);

        CollectionAssert.AreEqual(new[] { "1.png", "4.png" }, images.Select(image => Path.GetFileName(image.ImagePath)).ToArray());
    }

    [TestMethod]
    public void Read_FolderMissing_SaysSo()
    {
        using var folder = new TempFolder();

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => ImageFolder.Read(folder.File("none")));

        Assert.AreEqual($"There is no folder '{folder.File("none")}'.", mistake.Message);
    }

    [TestMethod]
    public void Read_NoClassFolders_SaysWhatToDo()
    {
        using var folder = new TempFolder();
        Touch(folder, "1.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => ImageFolder.Read(folder.Path));

        StringAssert.Contains(mistake.Message, "has no class folders. Put the images of each class into a folder named after the class.");
    }

    [TestMethod]
    public void Read_ClassesWithoutImages_NamesAllOfThem()
    {
        using var folder = new TempFolder();
        Touch(folder, "ape/1.txt", "cat/1.png", "dog/.1.png");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => ImageFolder.Read(folder.Path));

        StringAssert.EndsWith(mistake.Message, ": 'ape', 'dog'.");
    }

    private static void Touch(TempFolder folder, params string[] paths)
    {
        foreach (var path in paths.Select(folder.File))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, []);
        }
    }
}
