using NullaProp.ML.Storage;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Storage;

[TestClass]
public sealed class WholeFileTests
{
    // As root, a file would take the place of /dev/null for the whole machine. This one is not there, for safety.
    [TestMethod]
    public void Replace_Device_IsRefused()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("There are no devices in a folder.");
        }

        using var folder = new TempFolder();
        const string device = "/dev/nullaprop-none";
        var link = folder.File("link");
        File.CreateSymbolicLink(link, device);

        foreach (var path in new[] { device, link, "/dev/stdout" }) // the last is a link to what the output is
        {
            var fault = Assert.ThrowsExactly<IOException>(() => WholeFile.Replace(path, stream => stream.WriteByte(1)));

            Assert.Contains($"'{path}' is a device", fault.Message);
        }

        Assert.IsFalse(File.Exists(device));
    }

    // Who reads from it would wait for ever.
    [TestMethod]
    public void Replace_NamedPipe_IsRefused()
    {
        using var folder = new TempFolder();
        var path = folder.Pipe("model.zip");

        var fault = Assert.ThrowsExactly<IOException>(() => WholeFile.Replace(path, stream => stream.WriteByte(1)));

        Assert.Contains($"'{path}' is a pipe, which a file would take the place of", fault.Message);
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        Assert.IsFalse(file.CanSeek);
    }

    [TestMethod]
    public void OpenRead_NamedPipe_IsNotWaitedFor()
    {
        using var folder = new TempFolder();
        var path = folder.Pipe("weights.safetensors");

        Assert.ThrowsExactly<FormatException>(() => WholeFile.OpenRead(path));
    }

    [TestMethod]
    public void Replace_FilesOfAProcessThatWasKilled_AreDeletedAndThoseUnderWayStay()
    {
        using var folder = new TempFolder();
        var (left, underWay, others) = (
            folder.File($".nullaprop-{Guid.NewGuid():N}.tmp"), folder.File($".nullaprop-{Guid.NewGuid():N}.tmp"),
            folder.File(".nullaprop-notes.tmp"));
        Array.ForEach([left, underWay, others], path => File.WriteAllText(path, "half"));
        Array.ForEach([left, others], path => File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddHours(-2)));

        WholeFile.Replace(folder.File("model.zip"), stream => stream.WriteByte(1));

        Assert.AreEqual((false, true, true), (File.Exists(left), File.Exists(underWay), File.Exists(others)));
    }

    // The hidden name beside it says nothing to anybody.
    [TestMethod]
    public void Replace_DiskThatIsFull_NamesTheFile()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.zip");

        var fault = Assert.ThrowsExactly<IOException>(() => WholeFile.Replace(
            path, stream => throw new IOException($"No space left on device : '{((FileStream)stream).Name}'")));

        Assert.AreEqual($"No space left on device : '{path}'", fault.Message);
    }

    [TestMethod]
    public void Replace_WriterFails_LeavesTheFormerFileAndNoOther()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.onnx");
        File.WriteAllText(path, "before");

        Assert.ThrowsExactly<InvalidOperationException>(() => WholeFile.Replace(path, stream =>
        {
            stream.WriteByte(1);
            throw new InvalidOperationException();
        }));

        Assert.AreEqual("before", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [TestMethod]
    public void Replace_FileThatExists_BecomesTheNewOne()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.onnx");
        File.WriteAllText(path, "before");

        WholeFile.Replace(path, stream => stream.WriteByte((byte)'x'));

        Assert.AreEqual("x", File.ReadAllText(path));
        Assert.HasCount(1, Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [TestMethod]
    public void Replace_ReadOnlyFile_LeavesIt()
    {
        using var folder = new TempFolder();
        var path = folder.File("model.onnx");
        File.WriteAllText(path, "before");
        File.SetAttributes(path, FileAttributes.ReadOnly);

        var fault = Assert.ThrowsExactly<UnauthorizedAccessException>(() => WholeFile.Replace(path, stream => stream.WriteByte(1)));

        Assert.Contains("is read-only. Make it writable", fault.Message);
        Assert.AreEqual("before", File.ReadAllText(path));
        File.SetAttributes(path, FileAttributes.Normal); // so that the folder can go
    }
}
