using System.Text.RegularExpressions;
using NullaProp.ML.Samples;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Tests.Support;
using Processor = System.Runtime.InteropServices.Architecture;

namespace NullaProp.ML.Tests.Samples;

/// <content>Workers on this machine, started and followed by one process.</content>
public sealed partial class BlocksCommandTests
{
    [TestMethod]
    [DataRow("--submit", "--submit is given, but it is for --engine Slurm, and --engine is Local. Leave one of the two out.")]
    [DataRow("--claim=pets", "--claim is given, but it is for --engine Kubernetes, and --engine is Local. Leave one of the two out.")]
    public void Launch_OptionOfAnotherEngine_IsRefused(string option, string sentence)
    {
        var (exitCode, lines) = SamplesProgram.Run("blocks", "launch", "--run", "run", option);

        Assert.AreEqual(1, exitCode);
        Assert.Contains(sentence, string.Join('\n', lines));
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
}
