using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.ML;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;
using Processor = System.Runtime.InteropServices.Architecture;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Workers that are killed and started again make the model of one training.</summary>
[TestClass]
public sealed class BlocksCommandTests
{
    private const int Blocks = 3;

    [TestMethod]
    [DataRow("--submit", "--submit is given, but it is for --engine Slurm, and --engine is Local. Leave one of the two out.")]
    [DataRow("--claim=pets", "--claim is given, but it is for --engine Kubernetes, and --engine is Local. Leave one of the two out.")]
    public void Launch_OptionOfAnotherEngine_IsRefused(string option, string sentence)
    {
        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", "run", option);

        Assert.AreEqual(1, exitCode);
        Assert.Contains(sentence, string.Join('\n', lines));
    }

    // Each dies as soon as it has reported an epoch, while that one's checkpoint is being written, but the last: once that is whole.
    [TestMethod]
    public void Train_WorkersKilledThreeTimes_MergeToTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var options = Prepare(folder, epochs: 40); // many after the first, for a kill that comes late
        var blocks = BlocksIn(folder, options, run: new());
        for (var block = 0; block < Blocks; block++)
        {
            var killed = block;
            Assert.AreNotEqual(0, Work(folder, killed, process =>
            {
                SpinWait.SpinUntil(() => killed < Blocks - 1 || blocks.TrainedEpochs(killed) > 0);
                process.Kill();
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

    [TestMethod]
    public void Launch_Local_MergesToTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var options = Prepare(folder);

        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", folder.File("run"), "--workers", "2", "--threads", "1");

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        for (var block = 0; block < Blocks; block++)
        {
            CollectionAssert.Contains(lines, $"block {block} is trained");
            StringAssert.Contains(File.ReadAllText(folder.File($"run/block-{block}.log")), $"Block {block} is trained.");
        }

        AssertModelOfOneTraining(folder, options, threads: 1);
    }

    [TestMethod]
    public void Launch_LocalWorkersFail_NamesTheBlocksAndALog()
    {
        using var folder = new TempFolder();
        Prepare(folder);
        File.Delete(folder.File("run/data.idv"));

        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", folder.File("run"), "--workers", "3", "--threads", "1");

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(string.Join(' ', lines), "Blocks 0, 1, 2 are not trained to their end;");
        StringAssert.Contains(File.ReadAllText(folder.File("run/block-0.log")), "data.idv");
    }

    [TestMethod]
    public void Launch_WorkerOfATrainedBlockFails_NamesItAndItsLog()
    {
        using var folder = new TempFolder();
        Prepare(folder);
        for (var block = 0; block < Blocks; block++)
        {
            Assert.AreEqual(0, Work(folder, block));
        }

        File.Delete(folder.File("run/data.idv"));

        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", folder.File("run"), "--workers", "1", "--threads", "1");

        Assert.AreEqual(1, exitCode);
        var text = string.Join(' ', lines);
        StringAssert.Contains(text, "The worker of block 0 ended with exit code 1, although the block is trained;");
        StringAssert.Contains(text, "block-0.log' says why.");
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

    [TestMethod]
    [DataRow("nullaprop-blocks:latest", "names no registry, so that no node could pull it")]
    [DataRow("team/nullaprop-blocks", "names no registry, so that no node could pull it")]
    [DataRow(null, "--image is not given")]
    public void Launch_KubernetesImageWithoutARegistry_IsRefused(string? image, string sentence)
    {
        using var folder = new TempFolder();
        Prepare(folder);

        string[] given = image is null ? [] : ["--image", image];

        var (exitCode, lines) = SamplesProgram.Run(
            ["blocks", "launch", "--run", folder.File("run"), "--engine", "kubernetes", .. given]);

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(string.Join(' ', lines), sentence);
    }

    [TestMethod]
    public void Launch_Kubernetes_PrintsThePushAndTheEndOfAnOlderJob()
    {
        using var folder = new TempFolder();
        Prepare(folder);

        var (exitCode, lines) = SamplesProgram.Run(
            "blocks", "launch", "--run", folder.File("run"), "--engine", "kubernetes", "--image", "registry.example.com/blocks:1");

        Assert.AreEqual(0, exitCode, string.Join('\n', lines));
        StringAssert.Matches(string.Join(' ', lines), new Regex(
            "podman build -t 'registry.example.com/blocks:1' .* && podman push 'registry.example.com/blocks:1' "
            + "&& kubectl delete job nullaprop-run-[0-9a-f]{8} --ignore-not-found && kubectl apply -f '.*blocks.yaml'"));
    }

    [TestMethod]
    [DataRow(true, Processor.Arm64)]
    [DataRow(false, Processor.X64)]
    public void Launch_KubernetesFromABuildForAnotherSystem_IsRefused(bool isLinux, Processor processor)
    {
        var mistake = Assert.ThrowsExactly<UserMistakeException>(() => BlocksJob.RequireSystemOfImage(isLinux, processor));

        Assert.StartsWith("The image for Kubernetes is of Linux on x64, and this build of the program is for another", mistake.Message);
    }

    // On a terminal, which 'script' pretends to be: without the switch there is a bar in the place of the lines.
    [TestMethod]
    public void Fit_Verbose_ShowsLinesInPlaceOfTheBar()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Inconclusive("'script' takes other arguments there, or is missing.");
        }

        using var folder = new TempFolder();
        Prepare(folder);
        var program = $"dotnet '{Path.Combine(AppContext.BaseDirectory, "NullaProp.ML.Samples.dll")}'";
        var command = $"{program} blocks fit --run '{folder.File("run")}' --output '{folder.File("model.zip")}' --verbose";
        using var process = Process.Start(new ProcessStartInfo("script", ["-qec", command, "/dev/null"])
        {
            RedirectStandardOutput = true,
            Environment = { ["TERM"] = "xterm" },
        })!;
        using var limit = TimeLimit.On(process);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.AreEqual(0, process.ExitCode, output);
        StringAssert.Contains(output, "epoch 3/3 loss ");
    }

    [TestMethod]
    public void Launch_LogCannotBeWritten_SaysSo()
    {
        using var folder = new TempFolder();
        Prepare(folder);
        Directory.CreateDirectory(folder.File("run/block-1.log"));

        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", folder.File("run"), "--workers", "1", "--threads", "1");

        Assert.AreEqual(1, exitCode);
        StringAssert.Matches(string.Join(' ', lines), new Regex(@"Error: The log '.*block-1\.log' cannot be written: "));
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
    }

    // It would end the comment that names the log, and the rest be a command.
    [TestMethod]
    public void Launch_FolderWithALineBreakInItsName_IsRefused()
    {
        using var folder = new TempFolder();
        var run = folder.File("run\ntouch owned");

        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", run, "--engine", "slurm");

        Assert.AreEqual(1, exitCode);
        StringAssert.Contains(string.Join(' ', lines), "--run holds a line break");
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
