using Microsoft.ML;
using Microsoft.ML.Runtime;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests;

/// <summary>Folders with links, without names, without classes, and with images beside.</summary>
public sealed partial class ImageFolderTests
{
    // Else the same photos would count many times, and some for two classes.
    [TestMethod]
    [DataRow("cat/loop", "cat")]
    [DataRow("cat/up", "")]
    [DataRow("dog/cats", "cat")]
    public void Load_LinkToAFolderThatIsReadAnyway_IsRefused(string link, string target)
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");
        Directory.CreateSymbolicLink(folder.File(link), Path.Combine(folder.Path, target));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));

        Assert.Contains($"The folder '{folder.File(link)}' leads by a link to '", fault.Message);
        Assert.EndsWith("which is read already: its images would count twice. Remove the link.", fault.Message);
    }

    // Copied from a Mac and made on Linux, say; they look the same in every table.
    [TestMethod]
    public void Load_TwoFoldersOfOneNameInUnicode_AreRefused()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "caf\u00e9/1.png", "cafe\u0301/1.png", "bar/1.png");

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));

        Assert.Contains("has 2 class folders of the name 'caf\u00e9', which differ in characters of Unicode alone", fault.Message);
    }

    // Two links to one place, of which one leads to a folder above it.
    [TestMethod]
    public void Load_LinksToAFolderAndToOneBelowIt_AreRefused()
    {
        using var folder = new TempFolder();
        using var pool = new TempFolder();
        Write(folder, Image, "dog/1.png");
        Write(pool, Image, "cat/1.png", "bird/1.png");
        Directory.CreateSymbolicLink(folder.File("all"), pool.Path);
        Directory.CreateSymbolicLink(folder.File("cat"), pool.File("cat"));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));

        Assert.Contains($"The folder '{folder.File("cat")}' leads by a link to '{pool.File("cat")}', which is read already", fault.Message);
    }

    [TestMethod]
    public void Load_ClassNamedTwice_SaysSo()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png");

        var fault = Assert.ThrowsExactly<ArgumentException>(
            () => Context.Data.LoadImageFolder(folder.Path, classNames: ["cat", "dog", "cat"]));

        Assert.StartsWith("The class 'cat' is named twice.", fault.Message);
    }

    [TestMethod]
    public void Load_LinkToAFolderElsewhere_IsRead()
    {
        using var folder = new TempFolder();
        using var elsewhere = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");
        Write(elsewhere, Image, "2.png", "deep/3.png");
        Directory.CreateSymbolicLink(folder.File("cat/more"), elsewhere.Path);

        Assert.AreEqual(3, Context.Data.LoadImageFolder(folder.Path).Counts["cat"]);
    }

    [TestMethod]
    public void Load_EmptyClassFolderOfAKnownClass_HasNoImages()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png");
        Directory.CreateDirectory(folder.File("dog"));

        var images = Context.Data.LoadImageFolder(folder.Path, classNames: ["cat", "dog"]);

        Assert.AreEqual(1, images.Counts["cat"]);
        Assert.AreEqual(0, images.Counts["dog"]);
    }

    [TestMethod]
    public void Load_FolderWhoseNameIsNoUtf8_IsNamed()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("Names of bytes are those of Linux.");
        }

        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");
        Shell("mkdir");
        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path));
        Shell("rmdir"); // nor can .NET delete it

        Assert.Contains("is no text in UTF-8", fault.Message);

        void Shell(string command)
        {
            using var run = System.Diagnostics.Process.Start("sh", ["-c", $"{command} \"$1/cat/$(printf 'caf\\351')\"", "sh", folder.Path]);
            run.WaitForExit();
        }
    }

    [TestMethod]
    public void Load_FolderOfOneClass_NamesTheFolderAboveIt()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "cat/2.png", "dog/1.png");

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.File("cat")));

        Assert.EndsWith($"but 2 images. If it holds one class itself, load the folder above it, '{folder.Path}'.", fault.Message);
    }

    // What cameras write beside the photos, and what a tool left without an ending.
    [TestMethod]
    public void Load_PicturesWithOtherEndings_AreLeftOutWithAWarning()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "cat/2.jpe", "cat/photo", "dog/1.png", "dog/.hidden", "dog/sub/3.png~");
        Write(folder, [.. "II"u8, 42, 0, .. new byte[20]], "dog/raw.dng");
        Write(folder, [.. "\0\0\0\u0018ftypcrx "u8, .. new byte[20]], "dog/raw.cr3");
        Write(folder, [.. "\0\0\0\u0018ftypisom"u8, .. new byte[20]], "dog/film.mp4");
        Write(folder, "a text that is longer than a mark"u8.ToArray(), "dog/notes.txt");
        var context = new MLContext();
        List<string> warnings = [];
        context.Log += (_, said) => warnings.AddRange(said.Kind == ChannelMessageKind.Warning ? [said.RawMessage] : []);

        var images = context.Data.LoadImageFolder(folder.Path);

        CollectionAssert.AreEqual(
            new[] { "1.png", "2.jpe", "1.png" }, images.Files.Select(file => Path.GetFileName(file.ImagePath)).ToArray());
        Assert.AreEqual(
            $"4 images of '{folder.Path}' left out, for their names do not end as those of pictures that are read do: '3.png~', 'photo', "
            + "'raw.cr3', 'raw.dng'. Save them as JPEG or PNG, or give them the names.",
            warnings.Single());
    }

    [TestMethod]
    public void Load_ImagesBesideTheClassFolders_AreLeftOutWithAWarning()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png", "loose.png", ".hidden.png");
        File.WriteAllText(folder.File("notes.txt"), "no image");
        var context = new MLContext();
        List<string> warnings = [];
        context.Log += (_, said) => warnings.AddRange(said.Kind == ChannelMessageKind.Warning ? [said.RawMessage] : []);

        var images = context.Data.LoadImageFolder(folder.Path);

        CollectionAssert.AreEqual(new[] { folder.File("loose.png") }, images.WithoutClass.ToList());
        CollectionAssert.AreEqual(new[] { "cat", "dog" }, images.ClassNames.ToList());
        Assert.HasCount(2, images.Files);
        Assert.AreEqual(
            $"1 image of '{folder.Path}' beside its class folders, and so of no class, left out: 'loose.png'.", warnings.Single());
    }

    // What lies beside images in folders of cameras and tools is none to score, and links are followed once.
    [TestMethod]
    public void ImagesOf_NestedFolders_AreInOrderOfTheirPathsWithoutHiddenOnes()
    {
        using var folder = new TempFolder();
        using var elsewhere = new TempFolder();
        Write(folder, Image, "b.png", "a/2.png", "a/10.png", "a-b.png", "B/1.png", "a/notes.txt");
        Write(folder, Image, ".hidden.png", ".git/1.png", "__MACOSX/1.png");
        Write(elsewhere, Image, "1.png");
        Directory.CreateSymbolicLink(folder.File("link"), elsewhere.Path);

        var images = ImageFolder.ImagesOf(folder.Path);

        CollectionAssert.AreEqual(
            new[] { "B/1.png", "a-b.png", "a/10.png", "a/2.png", "b.png", "link/1.png" },
            images.Select(image => Path.GetRelativePath(folder.Path, image.ImagePath).Replace('\\', '/')).ToArray());
        CollectionAssert.AreEqual(
            new[] { Path.GetFileName(folder.Path) }, images.Select(image => image.Label).Distinct().ToArray());
    }

    [TestMethod]
    public void ImagesOf_LinkToAFolderThatIsReadAnyway_IsRefused()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png");
        Directory.CreateSymbolicLink(folder.File("again"), folder.File("cat"));

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => ImageFolder.ImagesOf(folder.Path));

        Assert.Contains("which is read already: its images would count twice. Remove the link.", fault.Message);
    }

    [TestMethod]
    public void ImagesOf_NoFolder_Throws() =>
        Assert.Throws<DirectoryNotFoundException>(() => ImageFolder.ImagesOf(Path.Combine(Path.GetTempPath(), "no such folder")));
}
