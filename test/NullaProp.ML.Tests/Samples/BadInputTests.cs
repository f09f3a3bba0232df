using System.Diagnostics;
using NullaProp.ML.Tests.ImageFiles;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What people get wrong, through the real program: one sentence, an exit code, nothing lost.</summary>
[TestClass]
public sealed partial class BadInputTests : IDisposable
{
    private const int Interrupted = 130;
    private static readonly string[] Short = ["--size", "8", "--epochs", "1", "--batch-size", "4", "--output", "out"];
    private static readonly byte[] Image = OddImages.Png(8, 8, 0, (y, x) => [(byte)(16 * y)]);

    private readonly TempFolder _folder = new();

    [TestInitialize]
    public void WriteFolders()
    {
        Write(Image, "good/red/1.png", "good/red/2.png", "good/blue/1.png", "good/blue/2.png", "one/red/1.png");
        Write(Image, "single/red/1.png", "single/red/2.png", "single/blue/1.png");
        Write([], "broken/red/1.png", "broken/red/2.png", "broken/blue/1.png", "file");
        Directory.CreateDirectory(_folder.File("empty"));
    }

    public void Dispose() => _folder.Dispose();

    [TestMethod]
    [DataRow("train none", "There is no folder 'none'.")]
    [DataRow("train file", "'file' is a file, but must be a folder of class folders.")]
    [DataRow("train empty", "The folder 'empty' has no class folders.")]
    [DataRow("train good --learning-rate 0,01", "--learning-rate is '0,01', but must be a number with a point, such as 0.5.")]
    [DataRow("train good --variant FlowMatching,DiscreteTime", "--variant is 'FlowMatching,DiscreteTime', but must be one of ")]
    [DataRow("train good --backbone SmallConv,PaperConv", "--backbone is SmallConv,PaperConv, but must be ")]
    [DataRow("blocks prepare good --run new --size 20000", "--size is 20000, but must be from 8 to 16384.")]
    [DataRow("train good --variant 7", "--variant is '7', but must be one of ")]
    [DataRow("train good --size 20000", "--size is 20000, but must be from 8 to 16384.")]
    [DataRow("train one", "The folder 'one' has only one class folder, 'red'.")]
    [DataRow("train single", "These classes of 'single' have one readable image: 'blue'.")]
    [DataRow("train broken", "3 files cannot be read as images:")]
    [DataRow("train broken", "(--unreadable Skip)")]
    [DataRow("train broken --unreadable skip", "All images of these classes of 'broken' are broken: 'blue', 'red'.")]
    [DataRow("train good --test broken", "3 files cannot be read as images:")]
    [DataRow("train good --epoch 3", "--epoch")]
    [DataRow("train good --fit fill", "fill")]
    [DataRow("train good --epochs 0", "Epochs is 0, but must be ")]
    [DataRow("train good --output file/out", "'file' is a file, but must be a folder, as part of 'file/out', for ")]
    [DataRow("train good --output file", "'file' is a file, but must be a folder for the model and its charts.")]
    [DataRow("train good --json empty", "'empty' is a folder, but must be the name of a file for figures in JSON.")]
    [DataRow("train good --json good/red/1.png", "'good/red/1.png' holds something else than figures in JSON that this ")]
    [DataRow("train good --output new --json new/model.zip", "'new/model.zip' is used by this command already")]
    [DataRow("train good --output good/out", "--output is 'good/out', a place among the class folders of 'good', where it would be taken ")]
    [DataRow("train good --checkpoints good/red/kept", "--checkpoints is 'good/red/kept', a place among the class folders of 'good'")]
    [DataRow("train good --json good/figures/1.json", "--json is 'good/figures/1.json', a place among the class folders of 'good'")]
    [DataRow("train one --test good --output good/out", "--output is 'good/out', a place among the class folders of 'good'")]
    [DataRow("blocks prepare good --run good/run", "--run is 'good/run', a place among the class folders of 'good'")]
    [DataRow("blocks prepare broken --run new --epochs 0", "Epochs is 0, but must be ")] // before all images are read
    [DataRow("score none.zip good --output good", "--output is the folder of the images itself. Name another one.")]
    [DataRow("score none.zip good --output new --of 0", "--of is 0, but must be ")]
    [DataRow("score none.zip good --output new --of 2 --index 2", "--index is 2, but must be from 0 to 1, one less than --of.")]
    [DataRow("score none.zip good --output new --of 2 --index -1", "--index is -1, but must be from 0 to 1, one less than --of.")]
    [DataRow("serve none.zip --address localhost", "--address is 'localhost', but must be the number of an address, such as 127.0.0.1")]
    [DataRow("serve none.zip --port 65536", "--port is 65536, but must be from 0 to 65535.")]
    [DataRow("serve none.zip --port -1", "--port is -1, but must be from 0 to 65535.")]
    [DataRow("serve none.zip --address ::1", "There is no model file 'none.zip'.")]
    [DataRow("--output out train good", "--output stands before the command 'train'. Put it behind.")]
    [DataRow("export none.zip --half", "'export' has no option --half.")]
    [DataRow("train good --patience -1", "--patience is -1, but must be ")]
    [DataRow("train good --blocks 3", "--blocks is given, but ContinuousTime has no blocks.")]
    [DataRow("predict none.zip good/red/1.png", "There is no model file 'none.zip'.")]
    [DataRow("predict file good/red/1.png", "The file 'file' cannot be loaded as an image classifier: ")]
    public async Task Program_Mistake_EndsWithOneSentenceAndExitCodeOne(string command, string sentence)
    {
        var result = await Run(command.Split(' ')).ConfigureAwait(false);

        Assert.AreEqual(1, result.Code, result.Error);
        Assert.StartsWith("Error: ", result.Error);
        Assert.Contains(sentence, result.Error);
        Assert.DoesNotContain("   at ", result.Error, "no stack trace");
        Assert.IsFalse(File.Exists(_folder.File("artifacts/train/model.zip")));
    }

    [TestMethod]
    public async Task Predict_OneBadFileAmongGoodOnesOfAnotherSize_ShowsTheOthers()
    {
        Write(OddImages.Png(50, 8, 0, (_, _) => [10]), "large.png");
        Assert.AreEqual(0, (await Run(["train", "good", .. Short]).ConfigureAwait(false)).Code);

        var result = await Run("predict", "out/model.zip", "good/red/1.png", "broken/red/1.png", "none.png", "large.png")
            .ConfigureAwait(false);

        Assert.AreEqual(1, result.Code);
        Assert.Contains("good/red/1.png: ", result.Output);
        Assert.Contains("large.png: ", result.Output);
        Assert.Contains("The file 'broken/red/1.png' cannot be read as an image: it is empty.", result.Error);
        Assert.Contains("There is no image file 'none.png'; it was looked for at '", result.Error);
    }

    // The library advises its callers; who types a command has other words for it.
    [TestMethod]
    public async Task Train_CheckpointsOfAnotherTraining_AdvisesInWordsOfTheProgram()
    {
        Assert.AreEqual(0, (await Run(["train", "good", .. Short, "--checkpoints", "kept"]).ConfigureAwait(false)).Code);

        var result = await Run(["train", "good", .. Short, "--seed", "1", "--checkpoints", "kept"]).ConfigureAwait(false);

        Assert.AreEqual(1, result.Code);
        Assert.Contains("Give this one a folder of its own, or delete them.", result.Error);
    }

    [TestMethod]
    public async Task ScoreAndExport_OddFiles_AreRefusedOrDone()
    {
        Assert.AreEqual(0, (await Run(["train", "good", .. Short]).ConfigureAwait(false)).Code);
        var model = File.ReadAllBytes(_folder.File("out/model.zip"));

        var image = await Run("score", "out/model.zip", "good/red/1.png", "--output", "scores").ConfigureAwait(false);
        var nothing = await Run("score", "out/model.zip", "empty", "--output", "scores").ConfigureAwait(false);
        var huge = await Run("score", "out/model.zip", "good", "--output", "all", "--part-size", $"{int.MaxValue}").ConfigureAwait(false);
        var itself = await Run("export", "out/model.zip", "out/model.zip").ConfigureAwait(false);
        var path = await Run("predict", "out/model.zip", "good/red/1.png", "--path", "out/model.zip").ConfigureAwait(false);
        var photo = await Run("predict", "out/model.zip", "good/red/1.png", "--path", "good/red/1.png").ConfigureAwait(false);
        var alone = await Run("export", "out/model.zip", "model.onnx").ConfigureAwait(false);

        Assert.Contains("'good/red/1.png' is no text: name a folder", image.Error);
        Assert.Contains("'empty' has no images", nothing.Error);
        Assert.AreEqual(0, huge.Code, huge.Error);
        Assert.IsTrue(File.Exists(_folder.File("all/part-000000.csv")));
        Assert.Contains("'out/model.zip' is used by this command already: an ONNX file would replace it.", itself.Error);
        Assert.Contains("'out/model.zip' is used by this command already: a chart would replace it.", path.Error);
        Assert.Contains("'good/red/1.png' is used by this command already: a chart would replace it.", photo.Error);
        CollectionAssert.AreEqual(Image, File.ReadAllBytes(_folder.File("good/red/1.png")));
        CollectionAssert.AreEqual(model, File.ReadAllBytes(_folder.File("out/model.zip")));
        Assert.AreEqual(0, alone.Code, alone.Error);
        Assert.IsTrue(File.Exists(_folder.File("model.onnx")));
    }

    private async Task<(int Code, string Output, string Error)> Run(params string[] arguments)
    {
        using var process = Start(arguments);
        using var limit = TimeLimit.On(process);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return (process.ExitCode, output, await error.ConfigureAwait(false));
    }

    private Process Start(IEnumerable<string> arguments) => Process.Start(new ProcessStartInfo(
        "dotnet",
        [Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll"), .. arguments])
    {
        WorkingDirectory = _folder.Path,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private void Write(byte[] content, params string[] names)
    {
        foreach (var path in names.Select(_folder.File))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, content);
        }
    }
}
