using Microsoft.ML;
using Microsoft.ML.Data;
using NullaProp.ML.Tests.ImageFiles;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests;

[TestClass]
public sealed partial class ImageFolderTests
{
    private static readonly MLContext Context = new(seed: 1);
    private static readonly byte[] Image = OddImages.Png(8, 8, 0, (y, x) => [(byte)(16 * y)]);

    [TestMethod]
    public void Load_EveryEndingInAnyCaseAndNestedFolders_AreFoundInOrder()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "dog/b.JPG", "dog/a/z.jpeg", "dog/c.Png", "cat/1.bmp", "cat/2.gif", "cat/deep/er/3.WEBP");
        Write(folder, Image, "cat/notes.txt", "0.png");

        var images = Context.Data.LoadImageFolder(folder.Path);

        CollectionAssert.AreEqual(
            new[] { "cat/1.bmp", "cat/2.gif", "cat/deep/er/3.WEBP", "dog/a/z.jpeg", "dog/b.JPG", "dog/c.Png" },
            images.Files.Select(image => Path.GetRelativePath(folder.Path, image.ImagePath).Replace('\\', '/')).ToArray());
        CollectionAssert.AreEqual(
            new[] { "cat", "cat", "cat", "dog", "dog", "dog" },
            images.Files.Select(image => image.Label).ToArray());
        CollectionAssert.AreEqual(new[] { ("cat", 3), ("dog", 3) }, images.Counts.Select(count => (count.Key, count.Value)).ToArray());
    }

    // By character, not as people of one country or another sort: the order of the scores is the same everywhere.
    [TestMethod]
    public void Load_ClassNames_AreInTheOrderOfTheirCharacters()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "b/1.png", "A/1.png", "C/1.png", "\u00e4/1.png");

        CollectionAssert.AreEqual(new[] { "A", "C", "b", "\u00e4" }, Context.Data.LoadImageFolder(folder.Path).ClassNames.ToArray());
    }

    [TestMethod]
    public void Load_HiddenFilesAndFolders_AreSkipped()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "cat/._1.png", "cat/.thumbs/2.png", ".git/3.png", "__MACOSX/cat/5.png", "dog/4.png");

        var images = Context.Data.LoadImageFolder(folder.Path);

        CollectionAssert.AreEqual(new[] { "1.png", "4.png" }, images.Files.Select(image => Path.GetFileName(image.ImagePath)).ToArray());
    }

    [TestMethod]
    public void Load_NamesInAnyScript_AreFoundAndAreTheClasses()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "кошка/фото.png", "犬/写真 1.png", "été/🐈 #1%20.png");

        var images = Context.Data.LoadImageFolder(folder.Path);

        CollectionAssert.AreEquivalent(new[] { "кошка", "犬", "été" }, images.ClassNames.ToArray());
        Assert.HasCount(3, images.Files);
    }

    [TestMethod]
    public void Data_Labels_AreKeysOfTheClassNames()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png", "dog/2.png", "eel/1.png");

        var data = Context.Data.LoadImageFolder(folder.Path).Data;

        CollectionAssert.AreEqual(new uint[] { 1, 2, 2, 3 }, data.GetColumn<uint>("Label").ToArray());
        Assert.AreEqual(3UL, ((KeyDataViewType)data.Schema["Label"].Type).Count);
        var named = Context.Transforms.Conversion.MapKeyToValue("Name", "Label").Fit(data).Transform(data);
        CollectionAssert.AreEqual(new[] { "cat", "dog", "dog", "eel" }, named.GetColumn<string>("Name").ToArray());
        Assert.AreEqual(4, data.GetRowCount());
        Assert.IsTrue(data.CanShuffle); // so that photos beyond memory, sorted by class as they are, do not train class after class
    }

    [TestMethod]
    public void Load_ClassNamesOfTheTrainingFolder_GiveTheSameKeysAndRefuseOthers()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "dog/1.png");

        var images = Context.Data.LoadImageFolder(folder.Path, classNames: ["cat", "dog"]);
        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => Context.Data.LoadImageFolder(folder.Path, classNames: ["cat", "eel"]));

        CollectionAssert.AreEqual(new uint[] { 2 }, images.Data.GetColumn<uint>("Label").ToArray());
        Assert.AreEqual(0, images.Counts["cat"]);
        Assert.Contains("has classes that the training folder lacks: 'dog'.", fault.Message);
    }

    [TestMethod]
    public void Load_BrokenFilesAndStop_NamesAllOfThemAndSaysWhy()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");
        Write(folder, [], "cat/3.png");
        Write(folder, [0, 0, 0, 24, .. "ftypheic"u8, 0, 0, 0, 0], "dog/0.heic", "dog/2.jpg");

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));

        Assert.StartsWith("3 files cannot be read as images:\n", fault.Message);
        Assert.EndsWith("Mend or remove what is broken, or leave it out (UnreadableImages.Skip).", fault.Message);
        Assert.Contains($"{Path.Combine("cat", "3.png")}' cannot be read as an image: it is empty.", fault.Message);
        Assert.Contains($"{Path.Combine("dog", "0.heic")}' cannot be read as an image: it is a HEIC file", fault.Message);
        Assert.Contains($"{Path.Combine("dog", "2.jpg")}' cannot be read as an image: it is a HEIC file", fault.Message);
    }

    [TestMethod]
    public void Load_FolderOfTrainAndValidation_AsksForTheFirst()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "train/cat/1.png", "train/dog/1.png", "validation/cat/1.png", "validation/dog/1.png");

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));

        Assert.AreEqual(
            $"The folder 'train' of '{folder.Path}' has no images itself, but folders of images: 'cat', 'dog'. If these are the classes, "
                + $"load '{folder.File("train")}' by itself.",
            fault.Message);
        Assert.HasCount(2, Context.Data.LoadImageFolder(folder.File("train")).ClassNames);
    }

    // Of whatever the other parts hold: images of no class, fewer classes, or nothing.
    [TestMethod]
    [DataRow("train/cat/1.png", "train/dog/1.png", "test/1.png")]
    [DataRow("train/cat/1.png", "train/dog/1.png", "val/cat/1.png", "unsorted/1.png")]
    [DataRow("train/cat/1.png", "train/dog/1.png", "unlabeled/1.png")]
    [DataRow("train/cat/1.png", "train/dog/1.png")]
    public void Load_PartOfClassFolders_IsNotTakenForAClass(params string[] images)
    {
        using var folder = new TempFolder();
        Write(folder, Image, images);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));

        Assert.Contains("has no images itself, but folders of images: 'cat', 'dog'. If these are the classes, load", fault.Message);
    }

    // Images of their own, or one name among others, as trains are among cars.
    [TestMethod]
    [DataRow("train/1.png", "train/red/1.png", "train/blue/1.png", "test/1.png", "test/blue/2.png")]
    [DataRow("train/steam/1.png", "train/electric/1.png", "car/1.png", "car/red/1.png")]
    public void Load_ClassesOfTheseNames_AreClassesAllTheSame(params string[] images)
    {
        using var folder = new TempFolder();
        Write(folder, Image, images);

        Assert.Contains("train", Context.Data.LoadImageFolder(folder.Path).ClassNames);
    }

    [TestMethod]
    public void Fault_OfAStream_NamesNoFile()
    {
        using var twoImages = new MemoryStream([.. Image, .. Image]) { Position = Image.Length };
        Assert.IsNull(ImageFile.Fault(twoImages));
        Assert.AreEqual(Image.Length, twoImages.Position); // to be read by whoever asked
        Assert.AreEqual("The data cannot be read as an image: it is empty.", ImageFile.Fault(new MemoryStream()));
    }

    [TestMethod]
    public void Load_BrokenFilesAndSkip_ListsThemAndKeepsTheRest()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");
        Write(folder, Image[..40], "cat/3.png");

        var images = Context.Data.LoadImageFolder(folder.Path, UnreadableImages.Skip);

        var (path, why) = images.Unreadable.Single();
        Assert.AreEqual(folder.File(Path.Combine("cat", "3.png")), path);
        Assert.Contains("cannot be read as an image", why);
        Assert.HasCount(2, images.Files);
    }

    [TestMethod]
    public void Load_AllImagesOfAClassBroken_NamesTheClassAndSaysWhy()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png");
        Write(folder, [], "dog/1.png", "dog/2.png");

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => Context.Data.LoadImageFolder(folder.Path, UnreadableImages.Skip));

        Assert.Contains("are broken: 'dog'. The file '", fault.Message);
        Assert.EndsWith("it is empty.", fault.Message);
    }

    [TestMethod]
    public void Load_FolderMissing_SaysSo()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "1.png");

        var missing = Assert.ThrowsExactly<DirectoryNotFoundException>(() => Context.Data.LoadImageFolder(folder.File("none")));
        var file = Assert.ThrowsExactly<DirectoryNotFoundException>(() => Context.Data.LoadImageFolder(folder.File("1.png")));

        Assert.AreEqual($"There is no folder '{folder.File("none")}'.", missing.Message);
        Assert.AreEqual($"'{folder.File("1.png")}' is a file, but must be a folder of class folders.", file.Message);
    }

    [TestMethod]
    public void Load_NoClassFoldersOneOrEmptyOnes_SaysWhatIsNeeded()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "1.png");
        Assert.Contains(
            "has no class folders, but 1 image.",
            Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path)).Message);

        Directory.CreateDirectory(folder.File("empty"));
        Assert.Contains(
            "has no class folders. Put the images of each class into a folder named after the class.",
            Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.File("empty"))).Message);
        Directory.Delete(folder.File("empty"));

        Write(folder, Image, "cat/1.png");
        Assert.Contains(
            "has only one class folder, 'cat'. A classifier needs two classes or more.",
            Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path)).Message);

        Write(folder, Image, "ape/1.txt", "dog/.1.png");
        Assert.EndsWith(
            ": 'ape', 'dog'.",
            Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path)).Message);
    }

    [TestMethod]
    public void Load_ThousandsOfImages_AreAllThere()
    {
        using var folder = new TempFolder();
        Write(folder, Image, [.. Enumerable.Range(0, 2_000).Select(i => $"{(i % 2 == 0 ? "cat" : "dog")}/{i / 100}/{i}.png")]);

        var (remaining, held) = Context.Data.LoadImageFolder(folder.Path).Split(0.1);

        Assert.AreEqual((1_800, 200), (remaining.Files.Count, held.Files.Count));
        Assert.AreEqual(2_000, remaining.Files.Concat(held.Files).Select(file => file.ImagePath).Distinct().Count());
    }

    [TestMethod]
    public void Load_Cancelled_Stops()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");

        Assert.Throws<OperationCanceledException>(
            () => Context.Data.LoadImageFolder(folder.Path, cancellationToken: new CancellationToken(canceled: true)));
    }

    private static void Write(TempFolder folder, byte[] content, params string[] names)
    {
        foreach (var path in names.Select(folder.File))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }
}
