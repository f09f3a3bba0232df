using System.Collections.Concurrent;
using System.IO.Compression;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>A file that the samples program writes is whole, or is what it was.</summary>
[TestClass]
public sealed class OutputFileTests
{
    private const string Figures =
        """{ "microAccuracy": 0.9, "logLoss": 0.3, "fitSeconds": 11.0, "trainRows": 300, "testRows": 30, "unreadable": 0 }""";

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
        File.WriteAllText(folder.File("real.json"), Figures);
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
        File.WriteAllText(folder.File("old.json"), Figures);

        OutputFile.At(folder.File("new.json"), OutputKind.Figures);
        OutputFile.At(folder.File("old.json"), OutputKind.Figures);

        CollectionAssert.AreEqual(new[] { folder.File("old.json") }, Directory.GetFiles(folder.Path));
        Assert.AreEqual(Figures, File.ReadAllText(folder.File("old.json")));
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

        Assert.Contains("holds something else than a chart that this program wrote, which would be lost", other.Message);
        Assert.Contains("is used by this command already", read.Message);
    }

    // Of the same format as what would be written.
    [TestMethod]
    [DataRow("package.json", """{ "name": "mine" }""")]
    [DataRow("list.json", "[1, 2]")]
    [DataRow("cut.json", "{ \"microAccuracy\": 0.9,")]
    [DataRow("pytorch.onnx", "\b\b\u0012\apytorch")]
    [DataRow("no-zip.zip", "PK")]
    public void At_FileOfAnotherProgram_IsRefused(string name, string content)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File(name), content);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(folder.File(name), KindOf(name)));

        Assert.Contains($" that this program wrote, which would be lost. Name another one.", mistake.Message);
        Assert.AreEqual(content, File.ReadAllText(folder.File(name)));
    }

    [TestMethod]
    public void At_ZipOfSomethingElse_IsRefused()
    {
        using var folder = new TempFolder();
        using (var zip = ZipFile.Open(folder.File("photos.zip"), ZipArchiveMode.Create))
            zip.CreateEntry("photos/1.jpg");

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(folder.File("photos.zip"), OutputKind.Model));

        Assert.Contains("holds something else than a model that this program wrote", mistake.Message);
    }

    // Else the training would run to its end, and its model be lost.
    [TestMethod]
    [DataRow("model.zip")]
    [DataRow("model.onnx")]
    public void At_DeviceWhereTheLibrarySaves_IsRefused(string name)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Devices are no files there.");
        }

        using var folder = new TempFolder();
        File.CreateSymbolicLink(folder.File("link"), "/dev/null");

        var device = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At("/dev/null", KindOf(name)));
        var link = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(folder.File("link"), KindOf(name)));
        OutputFile.At("/dev/null", OutputKind.Figures);

        Assert.StartsWith("'/dev/null' is a device, to which ", device.Message);
        Assert.StartsWith($"'{folder.File("link")}' is a device, to which ", link.Message);
    }

    [TestMethod]
    [DataRow("model.zip")]
    [DataRow("figures.json")]
    public void At_ReadOnlyFile_IsRefusedWhoeverAsks(string name)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File(name), "");
        File.SetAttributes(folder.File(name), FileAttributes.ReadOnly);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(folder.File(name), KindOf(name)));

        File.SetAttributes(folder.File(name), FileAttributes.Normal);
        Assert.EndsWith("cannot be written: it is read-only. Make it writable, or name another one.", mistake.Message);
    }

    // To open it for reading would wait for ever.
    [TestMethod]
    [DataRow("model.zip")]
    [DataRow("figures.json")]
    [DataRow("chart.png")]
    public void At_Pipe_IsRefused(string name)
    {
        using var folder = new TempFolder();
        var pipe = folder.Pipe(name);

        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => OutputFile.At(pipe, KindOf(name)));

        Assert.EndsWith("cannot be written: it is a pipe, which a file would take the place of. Name another one.", mistake.Message);
    }

    // A program of before was killed while it wrote.
    [TestMethod]
    public void DeleteAbandoned_OldFilesOfLikeNames_DeletesOnlyWhatWasLeft()
    {
        using var folder = new TempFolder();
        string[] mine = [".nullaprop-notes.tmp", ".nullaprop-.tmp", $".nullaprop-{Guid.NewGuid():N}.tmp.zip"];
        foreach (var name in mine.Append($".nullaprop-{Guid.NewGuid():N}.tmp"))
        {
            File.WriteAllText(folder.File(name), "");
            File.SetLastWriteTimeUtc(folder.File(name), DateTime.UtcNow.AddHours(-2));
        }

        OutputFile.DeleteAbandoned(folder.Path);

        CollectionAssert.AreEquivalent(mine, Directory.GetFiles(folder.Path).Select(Path.GetFileName).ToArray());
    }

    // Many rounds, for the moment in which two programs find the place free is short. Each of the four writes before one takes the place.
    [TestMethod]
    public void Create_FourAtOnce_OneTakesThePlaceAndTheOthersHearOfIt()
    {
        const int rounds = 300;
        using var folder = new TempFolder();
        using var together = new Barrier(4);
        var taken = new bool[rounds, 4];
        var others = new ConcurrentQueue<Exception>();
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(number => new Thread(() => Take(number)) { IsBackground = true })];

        Array.ForEach(threads, thread => thread.Start());
        Assert.IsTrue(Array.TrueForAll(threads, thread => thread.Join(TimeSpan.FromMinutes(2))), "a thread does not end");

        Assert.IsEmpty(others, string.Join('\n', others));
        Assert.AreEqual(rounds, together.CurrentPhaseNumber, "all four were there in every round");
        for (var round = 0; round < rounds; round++)
        {
            byte[] winners = [.. Enumerable.Range(0, 4).Where(number => taken[round, number]).Select(number => (byte)number)];
            Assert.HasCount(1, winners, $"round {round}");
            CollectionAssert.AreEqual(winners, File.ReadAllBytes(folder.File($"{round}")));
        }

        Assert.HasCount(rounds, Directory.GetFiles(folder.Path));

        void Take(int number)
        {
            try
            {
                for (var round = 0; round < rounds; round++)
                {
                    taken[round, number] = IsTaken(folder.File($"{round}"), number);
                }
            }
            catch (Exception exception) // which would end the process
            {
                others.Enqueue(exception);
            }
        }

        bool IsTaken(string path, int number)
        {
            try
            {
                OutputFile.Create(path, file =>
                {
                    file.WriteByte((byte)number);
                    if (!together.SignalAndWait(TimeSpan.FromMinutes(1)))
                        throw new TimeoutException("the others did not come");
                });
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }
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

        Assert.Contains("holds something else than a chart that this program wrote", mistake.Message);
    }

    [TestMethod]
    public void LastingWriter_WritesIntoAFullDisk_RemembersThatAndGoesOn()
    {
        using var disk = new FullDisk();
        using var writer = LastingWriter.Of(() => disk);

        writer.Write("answers");

        Assert.AreEqual("No space left on device", writer.Fault?.Message);
    }

    private static OutputKind KindOf(string name) => Path.GetExtension(name) switch
    {
        ".json" => OutputKind.Figures,
        ".zip" => OutputKind.Model,
        ".onnx" => OutputKind.Onnx,
        _ => OutputKind.Picture,
    };

    private sealed class FullDisk : StringWriter
    {
        public override void Write(string? value) => throw new IOException("No space left on device");
    }
}
