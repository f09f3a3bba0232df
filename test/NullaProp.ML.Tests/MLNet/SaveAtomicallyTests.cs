using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.MLNet;

/// <summary>Saving a model replaces the old file whole, or leaves it as it was.</summary>
[TestClass]
public sealed class SaveAtomicallyTests
{
    private static readonly MLContext Context = new(seed: 1);

    private static IDataView Data => TinyImages.Keys(Context);

    [TestMethod]
    public void SaveAtomically_AnyTransformer_SavesWhatSaveSaves()
    {
        using var folder = new TempFolder();
        var model = Copying();

        Context.Model.SaveAtomically(model, Data.Schema, folder.File("m.zip"));

        var loaded = Context.Model.Load(folder.File("m.zip"), out var schema);
        Assert.HasCount(Data.Schema.Count, schema);
        Assert.IsNotNull(loaded.GetOutputSchema(schema).GetColumnOrNull("copy"));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void SaveAtomically_OverAnOlderFile_ReplacesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("m.zip"), "old");

        Context.Model.SaveAtomically(Copying(), null, folder.File("m.zip"));

        Context.Model.Load(folder.File("m.zip"), out _);
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void SaveAtomically_TransformerThatFails_KeepsTheOldFileAndLeavesNoOther()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("m.zip"), "old");

        Assert.ThrowsExactly<IOException>(() => Context.Model.SaveAtomically(new Failing(), null, folder.File("m.zip")));

        Assert.AreEqual("old", File.ReadAllText(folder.File("m.zip")));
        Assert.HasCount(1, Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void SaveAtomically_TargetIsAFolder_LeavesNothing()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("m.zip"));

        Assert.ThrowsExactly<IOException>(() => Context.Model.SaveAtomically(Copying(), null, folder.File("m.zip")));

        Assert.IsEmpty(Directory.GetFiles(folder.Path));
    }

    [TestMethod]
    public void SaveAtomically_NameOfAFolderAlone_IsRefusedAndNotMade()
    {
        using var folder = new TempFolder();

        var fault = Assert.ThrowsExactly<IOException>(() => Context.Model.SaveAtomically(Copying(), null, folder.File("models/")));

        Assert.Contains("models/' is the name of a folder, but a file is to be written.", fault.Message);
        Assert.IsEmpty(Directory.GetFileSystemEntries(folder.Path));
    }

    [TestMethod]
    public void SaveAtomically_FolderThatDoesNotExist_IsMade()
    {
        using var folder = new TempFolder();

        Context.Model.SaveAtomically(Copying(), null, folder.File("none/yet/m.zip"));

        Assert.IsNotNull(Context.Model.Load(folder.File("none/yet/m.zip"), out _));
    }

    [TestMethod]
    public void SaveAtomically_FileInThePlaceOfTheFolder_SaysSo()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("none"), "text");

        var fault = Assert.ThrowsExactly<IOException>(() => Context.Model.SaveAtomically(Copying(), null, folder.File("none/m.zip")));

        Assert.Contains(folder.File("none"), fault.Message);
        Assert.AreEqual("text", File.ReadAllText(folder.File("none")));
    }

    [TestMethod]
    public void SaveAtomically_Link_ReplacesWhatItLeadsTo()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("A link needs rights that a test may not have.");
            return;
        }

        using var folder = new TempFolder();
        File.WriteAllText(folder.File("real.zip"), "old");
        File.SetUnixFileMode(folder.File("real.zip"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(folder.File("link.zip"), folder.File("real.zip"));

        Context.Model.SaveAtomically(Copying(), null, folder.File("link.zip"));

        Context.Model.Load(folder.File("real.zip"), out _);
        Assert.IsNotNull(new FileInfo(folder.File("link.zip")).LinkTarget);
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("real.zip")));
    }

    private static ColumnCopyingTransformer Copying() => Context.Transforms.CopyColumns("copy", "Features").Fit(Data);

    // Fails when something has been written already, as on a full disk.
    private sealed class Failing : ITransformer
    {
        public bool IsRowToRowMapper => false;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

        public IDataView Transform(IDataView input) => input;

        void ICanSaveModel.Save(ModelSaveContext ctx) => throw new IOException("No space left on device.");
    }
}
