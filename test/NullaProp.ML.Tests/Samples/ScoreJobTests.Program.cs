using System.Diagnostics;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>By command line, as shells and schedulers call it.</summary>
public sealed partial class ScoreJobTests
{
    // What comes through a pipe comes once, and longer than what a look at its start takes.
    [TestMethod]
    public void Score_ListOutOfAPipe_ScoresAllOfIt()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Pipes have no names of files there.");
        }

        using var folder = new TempFolder();
        List<string> paths = [];
        while (paths.Sum(path => path.Length) < 10_000)
        {
            paths.AddRange(_images.Select(image => Path.GetRelativePath(Folder.Path, image.ImagePath)));
        }

        File.WriteAllLines(folder.File("list.txt"), paths);

        var (exitCode, error) = Shell($"cat '{folder.File("list.txt")}' | {Program} score model.zip /dev/stdin --output '{folder.Path}'");

        Assert.AreEqual(0, exitCode, error);
        var rows = File.ReadAllLines(folder.File("part-000000.csv")).Skip(1).ToList();
        Assert.HasCount(paths.Count, rows);
        Assert.AreEqual(0, rows.Count(row => row.Contains("cannot be read", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Score_DeviceWithoutEnd_IsNoText()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Devices are no files there.");
        }

        using var folder = new TempFolder();

        var (exitCode, error) = Shell($"{Program} score model.zip /dev/zero --output '{folder.Path}'");

        Assert.AreEqual(1, exitCode, error);
        Assert.Contains("'/dev/zero' is no text: name a folder", error);
    }

    [TestMethod]
    [DataRow("TERM")]
    [DataRow("USR1")]
    public void Score_SignalWhileTheListIsRead_AsksToRunAgain(string signal)
    {
        using var folder = new TempFolder();
        var list = folder.Pipe("list");

        // It waits for the list when the signal is sent. However late that is heard: so many parts take longer.
        var (exitCode, error) = Shell(
            $"{Program} score model.zip '{list}' --output '{folder.File("out")}' --part-size 1 & exec 3> '{list}'; kill -{signal} $!; "
            + $"yes 'images/{TinyImages.Names[0]}/00.png' | head -n 100000 >&3; exec 3>&-; wait $!");

        Assert.AreEqual(75, exitCode, error);
        Assert.Contains("the same command goes on from there", error);
    }

    // Spectre writes codes for a build server's log, which takes them; a file and another program do not.
    [TestMethod]
    [DataRow("GITHUB_ACTIONS=true")]
    [DataRow("TF_BUILD=True")]
    public void Program_RedirectedOnABuildServer_WritesNoCodes(string variable)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("This needs bash.");
        }

        using var folder = new TempFolder();
        var image = $"images/{TinyImages.Names[0]}/00.png";

        var (_, output) = Shell(
            $"(export {variable}; {Program} predict model.zip {image} none.png; "
            + $"{Program} train images --size 8 --epochs 1 --output '{folder.File("out")}') >&2");

        Assert.Contains($"{image}: ", output);
        Assert.Contains("There is no image file 'none.png'", output);
        Assert.Contains("Training ContinuousTime: 1 epochs", output);
        Assert.DoesNotContain("\u001b", output);
    }

    // Their number has no upper limit: the next part's must not turn negative.
    [TestMethod]
    public void Run_AsManyWorkersAsThereAreNumbers_ScoresOnePart()
    {
        using var folder = new TempFolder();
        using var predictor = ImagePredictor.Load(_model);

        Run(Job(folder), predictor, worker: 1, of: int.MaxValue);

        Assert.AreEqual("part-000001.csv", Path.GetFileName(Directory.GetFiles(folder.Path, "part-*").Single()));
    }

    [TestMethod]
    public void Begin_FilesOfOtherNames_AreNoResults()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("part-1.jpg"), "a photo");

        Job(folder).Begin(Hash);

        Assert.IsTrue(File.Exists(folder.File("job.txt")));
    }

    // Its results would go by the name of the other one.
    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public void Score_ModelThatChangesAfterItWasLoaded_IsRefused(bool isLink)
    {
        using var folder = new TempFolder();
        var (model, list) = (folder.File("model.zip"), folder.Pipe("list"));
        File.Copy(_model, isLink ? folder.File("target.zip") : model);
        if (isLink)
            File.CreateSymbolicLink(model, folder.File("target.zip"));

        // It opens the list when the model is loaded.
        var (exitCode, error) = Shell(
            $"{Program} score '{model}' '{list}' --output '{folder.File("out")}' & exec 3> '{list}'; echo >> '{model}'; "
            + $"echo '{_images[0].ImagePath}' >&3; exec 3>&-; wait $!");

        Assert.AreEqual(1, exitCode, error);
        Assert.Contains($"The model file '{model}' changed while it was read. Run the same command again.", error);
        Assert.IsFalse(Directory.Exists(folder.File("out")));
    }

    // As of a picture: to open it would wait for ever.
    [TestMethod]
    public void Predict_ModelThatIsANamedPipe_IsRefused()
    {
        using var folder = new TempFolder();
        var model = folder.Pipe("model.zip");

        var (exitCode, error) = Shell($"{Program} predict '{model}' '{_images[0].ImagePath}'");

        Assert.AreEqual(1, exitCode, error);
        Assert.Contains("it is no whole zip file. If it is a pipe, write what comes through it to a file first", error);
    }

    [TestMethod]
    public void Score_ParquetByTwoWorkers_EachWritesItsFilesInThatFormat()
    {
        using var folder = new TempFolder();
        List<string[]> written = [];

        for (var worker = 0; worker < 2; worker++)
        {
            var (exitCode, lines) = SamplesProgram.Run(
                "score", _model, Folder.File("images"), "--output", folder.File("out"), "--part-size", $"{PartSize}", "--parquet",
                "--of", "2", "--index", $"{worker}");
            Assert.AreEqual(0, exitCode, string.Join('\n', lines));
            written.Add([.. Directory.GetFiles(folder.File("out"), "part-*").Select(path => Path.GetFileName(path)!)]);
        }

        // Of ten images in parts of three: two files each.
        Assert.HasCount(2, written[0]);
        CollectionAssert.AreEquivalent(
            new[] { "part-000000.parquet", "part-000001.parquet", "part-000002.parquet", "part-000003.parquet" }, written[1]);
        foreach (var name in written[1])
        {
            var bytes = File.ReadAllBytes(folder.File($"out/{name}"));
            CollectionAssert.AreEqual("PAR1"u8.ToArray(), bytes[..4]);
            CollectionAssert.AreEqual("PAR1"u8.ToArray(), bytes[^4..]);
        }
    }

    // A script reads a line an image.
    [TestMethod]
    public void Predict_LongPath_IsOnOneLine()
    {
        using var folder = new TempFolder();
        var path = folder.File(string.Join('/', Enumerable.Repeat("a folder with a name of many letters", 7)) + "/1.png");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(_images[0].ImagePath, path);

        var (exitCode, lines) = SamplesProgram.Run("predict", _model, path);

        Assert.AreEqual(0, exitCode);
        Assert.StartsWith($"{path}: ", lines.Single(line => line.Length > 0));
    }

    private static string Program => $"dotnet '{Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll")}'";

    private static (int ExitCode, string Error) Shell(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", command])
        {
            WorkingDirectory = Folder.Path,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        using var limit = TimeLimit.On(process);
        _ = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
