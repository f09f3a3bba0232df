using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>A file that the samples program writes is whole, or is what it was.</summary>
[TestClass]
public sealed class OutputFileTests
{
    [TestMethod]
    public void Replace_WritingFails_LeavesTheOldFileAndNothingElse()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("a.json"), "old");

        Assert.ThrowsExactly<IOException>(() => OutputFile.Replace(folder.File("a.json"), file =>
        {
            file.WriteByte(1);
            throw new IOException("No space left on device");
        }));

        Assert.AreEqual("old", File.ReadAllText(folder.File("a.json")));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void WriteJson_AtALink_ReplacesWhatItLeadsTo()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("real.json"), "{ \"figures\": \"longer than the new ones\" }");
        File.CreateSymbolicLink(folder.File("link.json"), folder.File("real.json"));

        OutputFile.At(folder.File("link.json"), OutputKind.Figures).WriteJson(new { Rows = 3 });

        Assert.AreEqual("{\n  \"rows\": 3\n}\n", File.ReadAllText(folder.File("real.json")).ReplaceLineEndings("\n"));
        Assert.IsNotNull(new FileInfo(folder.File("link.json")).LinkTarget);
        Assert.HasCount(2, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void At_AnyPath_LeavesTheFolderAsItWas()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("old.json"), "{}");

        OutputFile.At(folder.File("new.json"), OutputKind.Figures);
        OutputFile.At(folder.File("old.json"), OutputKind.Figures);

        CollectionAssert.AreEqual(new[] { folder.File("old.json") }, Directory.GetFiles(folder.Path));
        Assert.AreEqual("{}", File.ReadAllText(folder.File("old.json")));
    }

    [TestMethod]
    public void At_LinkToAFileThatTheCommandReads_IsRefused()
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder.File("photo.png"), [0x89, (byte)'P', (byte)'N', (byte)'G']);
        File.CreateSymbolicLink(folder.File("link.png"), folder.File("photo.png"));

        Assert.ThrowsExactly<UserMistakeException>(
            () => OutputFile.At(folder.File("link.png"), OutputKind.Picture, folder.File("photo.png")));
    }

    [TestMethod]
    public void WriteJson_AtALinkToNothing_WritesWhatItLeadsTo()
    {
        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File("link.json"), folder.File("later.json"));

        OutputFile.At(folder.File("link.json"), OutputKind.Figures).WriteJson(new { Rows = 3 });

        Assert.IsTrue(File.Exists(folder.File("later.json")));
        Assert.IsNotNull(new FileInfo(folder.File("link.json")).LinkTarget);
    }

    [TestMethod]
    public void At_FileThatWouldBeLost_IsRefused()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("notes.txt"), "mine");
        File.WriteAllText(folder.File("made-by-mktemp"), "");

        var other = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(folder.File("notes.txt"), OutputKind.Picture));
        var read = Assert.ThrowsExactly<UserMistakeException>(
            () => OutputFile.At(folder.File("new.zip"), OutputKind.Model, folder.File("sub/../new.zip")));
        OutputFile.At(folder.File("made-by-mktemp"), OutputKind.Model);

        Assert.Contains("holds something else than a chart of this program, which would be lost", other.Message);
        Assert.Contains("is used by this command already", read.Message);
    }

    // A person's own picture is a PNG file, too.
    [TestMethod]
    public void At_PngFile_IsReplacedOnlyWhereItIsAChart()
    {
        using var folder = new TempFolder();
        SamplesProgram.SavePng(new float[TinyImages.Side * TinyImages.Side], folder.File("cat.png"));
        using (var chart = new ChartCanvas(3, 3))
            chart.SavePng(folder.File("chart.png"));

        OutputFile.At(folder.File("chart.png"), OutputKind.Picture);
        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(folder.File("cat.png"), OutputKind.Picture));

        Assert.Contains("holds something else than a chart of this program", mistake.Message);
    }

    [TestMethod]
    public void LastingWriter_WritesIntoAFullDisk_RemembersThatAndGoesOn()
    {
        using var disk = new FullDisk();
        using var writer = LastingWriter.Of(() => disk);

        writer.Write("answers");

        Assert.AreEqual("No space left on device", writer.Fault?.Message);
    }

    private sealed class FullDisk : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device");
    }
}
