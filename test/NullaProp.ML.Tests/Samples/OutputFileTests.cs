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
        File.WriteAllText(folder.File("real.json"), "a longer text than the new one");
        File.CreateSymbolicLink(folder.File("link.json"), folder.File("real.json"));

        OutputFile.At(folder.File("link.json")).WriteJson(new { Rows = 3 });

        Assert.AreEqual("{\n  \"rows\": 3\n}\n", File.ReadAllText(folder.File("real.json")).ReplaceLineEndings("\n"));
        Assert.IsNotNull(new FileInfo(folder.File("link.json")).LinkTarget);
        Assert.HasCount(2, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void At_AnyPath_LeavesTheFolderAsItWas()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("old.json"), "old");

        OutputFile.At(folder.File("new.json"));
        OutputFile.At(folder.File("old.json"));

        CollectionAssert.AreEqual(new[] { folder.File("old.json") }, Directory.GetFiles(folder.Path));
        Assert.AreEqual("old", File.ReadAllText(folder.File("old.json")));
    }
}
