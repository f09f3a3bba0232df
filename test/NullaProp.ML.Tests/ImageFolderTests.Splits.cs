using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests;

/// <summary>Parts of a folder.</summary>
public sealed partial class ImageFolderTests
{
    [TestMethod]
    public void Split_EveryClass_HasItsShareOnBothSidesByTheSeed()
    {
        using var folder = new TempFolder();
        Write(folder, Image, [.. Enumerable.Range(0, 20).Select(i => $"cat/{i}.png"), "dog/1.png", "dog/2.png"]);
        var images = Context.Data.LoadImageFolder(folder.Path);

        var (remaining, held) = images.Split(0.25, seed: 3);

        Assert.AreEqual((15, 1), (remaining.Counts["cat"], remaining.Counts["dog"]));
        Assert.AreEqual((5, 1), (held.Counts["cat"], held.Counts["dog"]));
        CollectionAssert.AreEquivalent(images.Files.ToArray(), remaining.Files.Concat(held.Files).ToArray());
        CollectionAssert.AreEqual(held.Files.ToArray(), images.Split(0.25, seed: 3).HeldBack.Files.ToArray());
        CollectionAssert.AreNotEqual(held.Files.ToArray(), images.Split(0.25, seed: 4).HeldBack.Files.ToArray());
        Assert.AreEqual(held.Data.Schema["Label"].Type, remaining.Data.Schema["Label"].Type);
    }

    [TestMethod]
    public void Split_ClassOfOneImage_NamesIt()
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png", "dog/2.png", "eel/1.png");

        var fault = Assert.ThrowsExactly<InvalidOperationException>(() => Context.Data.LoadImageFolder(folder.Path).Split(0.5));

        Assert.Contains("have one readable image: 'cat', 'eel'. Each needs one to train on and one to hold back.", fault.Message);
    }

    [TestMethod]
    [DataRow(0.0)]
    [DataRow(1.0)]
    [DataRow(double.NaN)]
    public void Split_NoShare_IsRefused(double fraction)
    {
        using var folder = new TempFolder();
        Write(folder, Image, "cat/1.png", "dog/1.png");
        var images = Context.Data.LoadImageFolder(folder.Path);

        Assert.Contains(
            "but must be above 0 and below 1.",
            Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => images.Split(fraction)).Message);
    }

    // Of a series of photos, neighbours are near doubles: those held back second must not be the neighbours of those held back first.
    [TestMethod]
    public void Split_OfAPart_DrawsOtherPlaces()
    {
        using var folder = new TempFolder();
        Write(folder, Image, [.. Enumerable.Range(0, 200).Select(i => $"{(i < 100 ? "cat" : "dog")}/{i:000}.png")]);
        var all = Context.Data.LoadImageFolder(folder.Path);

        var (photos, test) = all.Split(0.2);
        var (_, validation) = photos.Split(0.2);

        // Of 16 places of each class among 80, by chance 3 are among the 20 of the first split.
        Assert.IsLessThan(16, Places(photos, validation).Intersect(Places(all, test)).Count());

        static IEnumerable<int> Places(ImageFolder whole, ImageFolder part) =>
            part.Files.Select(file => whole.Files.ToList().FindIndex(other => other.ImagePath == file.ImagePath));
    }
}
