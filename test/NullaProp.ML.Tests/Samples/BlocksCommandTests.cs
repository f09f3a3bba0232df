using System.ComponentModel;
using System.Diagnostics;
using Microsoft.ML;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Workers that are killed and started again make the model of one training.</summary>
[TestClass]
public sealed partial class BlocksCommandTests
{
    private const int Blocks = 3;

    // Each dies as soon as it has reported an epoch, while that one's checkpoint is being written, but the last: once that is whole.
    [TestMethod]
    public void Train_WorkersKilledThreeTimes_MergeToTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var options = Prepare(folder, epochs: 200); // many after the first, for a kill that comes late
        var blocks = BlocksIn(folder, options, run: new());
        for (var block = 0; block < Blocks; block++)
        {
            var killed = block;
            Assert.AreNotEqual(0, Work(folder, killed, process =>
            {
                var isWhole = SpinWait.SpinUntil(() => killed < Blocks - 1 || blocks.TrainedEpochs(killed) > 0, TimeSpan.FromMinutes(1));
                process.Kill();
                Assert.IsTrue(isWhole, "no checkpoint within a minute");
            }));
        }

        List<string> lines = [];
        for (var block = 0; block < Blocks; block++)
        {
            Assert.AreEqual(0, Work(folder, block, onLine: lines.Add));
        }

        Assert.IsTrue(lines.Exists(line => line.StartsWith("Training goes on from the checkpoint ", StringComparison.Ordinal)));
        AssertModelOfOneTraining(folder, options, get_num_threads());
    }

    // A worker that took two at once would wait for itself.
    [TestMethod]
    public void Each_FirstTakesLong_LeavesAllOthersToWhoIsFree()
    {
        using var others = new CountdownEvent(9);

        var work = BlocksWorkers.Each(
            count: 10,
            workers: 2,
            number =>
            {
                if (number == 0)
                    Assert.IsTrue(others.Wait(TimeSpan.FromSeconds(20)), "the first worker kept a number for later");
                else
                    others.Signal();
            },
            CancellationToken.None);

        work.GetAwaiter().GetResult();
    }

    // On a terminal, which 'script' pretends to be: without the switch there is a bar in the place of the lines.
    [TestMethod]
    public void Fit_Verbose_ShowsLinesInPlaceOfTheBar()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("'script' takes other arguments there.");
        }

        using var folder = new TempFolder();
        Prepare(folder);
        var program = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll")}'";
        var command = $"{program} blocks fit --run '{folder.File("run")}' --output '{folder.File("model.zip")}' --verbose";
        using var process = Terminal(command);
        using var limit = TimeLimit.On(process);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.AreEqual(0, process.ExitCode, output);
        StringAssert.Contains(output, "epoch 3/3 loss ");
    }

    // As a scheduler takes a node away, or tells of the end of a time limit.
    [TestMethod]
    [DataRow("TERM")]
    [DataRow("USR1")]
    public void Train_Signal_SavesAtTheNextStepAndEndsWith75(string signal)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no such signals.");
        }

        using var folder = new TempFolder();
        var options = Prepare(folder, epochs: 100_000);
        var blocks = BlocksIn(folder, options, run: new());

        var exitCode = Work(folder, block: 1, process => SamplesProgram.Signal(process, signal));

        Assert.AreEqual(CommandExecution.RunAgain, exitCode);
        Assert.IsGreaterThan(0, blocks.TrainedEpochs(1));
        Assert.IsFalse(blocks.IsTrained(1));
    }

    // Here a folder in the place of a file, as a server may answer for a while.
    [TestMethod]
    public void Train_FileFails_EndsWith74AndAMistakeWith1()
    {
        using var folder = new TempFolder();
        Prepare(folder);
        Assert.AreEqual(0, Work(folder, block: 0));
        Directory.CreateDirectory(folder.File("run/blocks/block-0001/.lock"));
        List<string> lines = [];

        var (fault, mistake) = (Work(folder, block: 1, onLine: lines.Add), Work(folder, block: Blocks));

        Assert.AreEqual((CommandExecution.FileFault, 1), (fault, mistake), string.Join('\n', lines));
        Assert.Contains(line => line.Contains("Checkpoints cannot be written to ", StringComparison.Ordinal), lines);

        File.Delete(folder.File("run/run.json"));
        Assert.AreEqual(1, Work(folder, block: 1), "no run");
        Directory.CreateDirectory(folder.File("run/run.json"));
        Assert.AreEqual(CommandExecution.FileFault, Work(folder, block: 1), "a run that cannot be read");
    }

    private static Process Terminal(string command)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
            {
                RedirectStandardOutput = true,
                Environment = { ["TERM"] = "xterm" },
            })!;
        }
        catch (Win32Exception)
        {
            Assert.Inconclusive("The program 'script' is missing.");
            throw;
        }
    }

    private static void AssertModelOfOneTraining(TempFolder folder, NoPropOptions options, int threads)
    {
        var run = new NoPropRun { Threads = threads };
        var context = new MLContext(options.Seed);
        using var merged = BlocksIn(folder, options, run).Merge();
        using var expected = context.MulticlassClassification.Trainers
            .NoProp(options)
            .Fit(context.Data.LoadFromBinary(folder.File("run/data.idv")), run);
        Interruptions.AssertSameWeights(expected, merged);
    }

    private static NoPropBlocks BlocksIn(TempFolder folder, NoPropOptions options, NoPropRun run) => new(
        new MLContext(options.Seed).MulticlassClassification.Trainers.NoProp(options, run),
        new(folder.File("run/blocks")));

    private static NoPropOptions Prepare(TempFolder folder, int epochs = 3)
    {
        foreach (var (number, image) in TinyImages.Pixels(24, 2).Index())
        {
            var name = TinyImages.Names[image.Class];
            SamplesProgram.SavePng(image.Pixels, folder.File(Path.Combine("images", name, $"{number}.png")));
        }

        var images = new MLContext().Data.LoadImageFolder(folder.File("images"));
        var options = new NoPropOptions
        {
            Variant = new DiscreteTime { BlockCount = Blocks },
            Epochs = epochs,
            BatchSize = 8,
            HiddenSize = 8,
            Seed = 3,
            Augmentation = new() { RandomCropPadding = 1 },
        };
        var pixels = new ImagePixels { Side = TinyImages.Side, Colors = PixelColors.Rgb };
        BlocksRun.Prepare(folder.File("run"), images, pixels, options, CancellationToken.None);
        return options;
    }

    private static int Work(TempFolder folder, int block, Action<Process>? atFirstEpoch = null, Action<string>? onLine = null) =>
        SamplesProgram.RunUntilAnEpoch(
            atFirstEpoch, onLine ?? (_ => { }), "blocks", "train", "--run", folder.File("run"), "--index", $"{block}");
}
