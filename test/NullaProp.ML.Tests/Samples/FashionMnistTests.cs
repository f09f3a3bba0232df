using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>The shipped images are unpacked once, by however many programs, and nothing that is somebody's own is deleted.</summary>
[TestClass]
public sealed class FashionMnistTests
{
    [TestMethod]
    public void Unpack_TwoAtOnce_BothHaveAllImagesAndNothingIsLeft()
    {
        using var folder = new TempFolder();
        var images = folder.File("fashion-mnist");

        Parallel.Invoke(() => FashionMnist.Unpack(images), () => FashionMnist.Unpack(images));
        File.WriteAllText(Path.Combine(images, "train", "Bag", "mine.png"), "mine");
        var (train, test) = FashionMnist.Unpack(images);

        Assert.HasCount(10_001, Directory.GetFiles(train, "*.png", SearchOption.AllDirectories));
        Assert.HasCount(2_000, Directory.GetFiles(test, "*.png", SearchOption.AllDirectories));
        Assert.HasCount(1, Directory.GetFileSystemEntries(folder.Path));
    }

    // Win32's '?' in a search stands for no character, too.
    [TestMethod]
    public void Unpack_OldFoldersOfLikeNames_DeletesOnlyWhatItLeftItself()
    {
        using var folder = new TempFolder();
        string[] mine =
        [
            "fashion-mnist-mine", "fashion-mnist-2024", $"fashion-mnist-{new string('x', 32)}", $"fashion-mnist-{new string('a', 33)}",
        ];
        var left = $"fashion-mnist-{Guid.NewGuid():N}";
        foreach (var name in mine.Append(left))
        {
            Directory.CreateDirectory(folder.File(name));
            File.WriteAllText(folder.File($"{name}/a.png"), "mine");
            Directory.SetCreationTimeUtc(folder.File(name), DateTime.UtcNow.AddDays(-3));
        }

        FashionMnist.Unpack(folder.File("fashion-mnist"));

        CollectionAssert.AreEquivalent(
            mine.Append("fashion-mnist").ToArray(), Directory.GetDirectories(folder.Path).Select(Path.GetFileName).ToArray());
    }

    [TestMethod]
    public void Unpack_FolderOfSomethingElse_IsRefusedAndStays()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("train/Bag"));
        File.WriteAllText(folder.File("train/Bag/mine.png"), "mine");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => FashionMnist.Unpack(folder.Path));

        StringAssert.Contains(mistake.Message, "holds only a part of them, or something else.");
        Assert.IsTrue(File.Exists(folder.File("train/Bag/mine.png")));
    }
}
