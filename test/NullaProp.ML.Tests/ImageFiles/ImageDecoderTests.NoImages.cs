using NullaProp.ML.ImageFiles;

namespace NullaProp.ML.Tests.ImageFiles;

/// <summary>What has the name of an image and is none.</summary>

public sealed partial class ImageDecoderTests
{
    // The decoder takes what begins with two zeros for a picture of the format WBMP.
    [TestMethod]
    public void Fault_FormatThatNobodyMeans_IsRefused()
    {
        var path = _folder.File("film.jpg");
        File.WriteAllBytes(path, [0, 0, 100, 100, .. new byte[5_000]]);

        Assert.AreEqual(
            $"The file '{path}' cannot be read as an image: it would be one of the format Wbmp, but JPEG, PNG, WebP, BMP and GIF are read.",
            ImageFile.Fault(path));
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Fault_NamedPipe_IsRefusedAndNotWaitedFor(bool isLink)
    {
        var path = _folder.Pipe("pipe.jpg");
        if (isLink)
        {
            var link = _folder.File("link.jpg");
            File.CreateSymbolicLink(link, path);
            path = link;
        }

        Assert.AreEqual($"The file '{path}' cannot be read as an image: it is empty.", ImageFile.Fault(path));
    }

    [TestMethod]
    public void Fault_LinkToADeviceWithoutEnd_IsRefusedAndNotRead()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Devices are no files there.");
        }

        var path = _folder.File("zero.png");
        File.CreateSymbolicLink(path, "/dev/zero");

        Assert.AreEqual($"The file '{path}' cannot be read as an image: it is empty.", ImageFile.Fault(path));
    }

    [TestMethod]
    public void Fault_LinksInACircle_IsRefused()
    {
        var (first, second) = (_folder.File("1.png"), _folder.File("2.png"));
        File.CreateSymbolicLink(first, second);
        File.CreateSymbolicLink(second, first);

        Assert.StartsWith($"The file '{first}' cannot be read as an image: ", ImageFile.Fault(first));
    }

    [TestMethod]
    public void In_FrameThatNeedsMoreThanAnArrayHolds_SaysSo()
    {
        var tall = new Bitmap(10, 40_000, new byte[10 * 40_000 * 4]);

        var fault = Assert.ThrowsExactly<InvalidDataException>(() => tall.In(16_384, 1, ImageFit.Stretch));

        Assert.AreEqual(
            "The image is 10×40000 pixels, which is too many to bring to 16384×1. Make it smaller before.", fault.Message);
    }
}
