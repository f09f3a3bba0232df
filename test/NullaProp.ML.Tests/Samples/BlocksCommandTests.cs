using System.Diagnostics;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Microsoft.ML;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Images;
using NullaProp.ML.Samples.Training;
using NullaProp.ML.Tests.Support;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Samples;

/// <summary>Workers that are killed and started again make the model of one training.</summary>
[TestClass]
public sealed class BlocksCommandTests
{
    private const int Blocks = 3;
    private static readonly BlocksJob Job = new("/shared/run", Blocks: 10, Workers: 4, Threads: 2, ["--time=2:00:00"]);

    // Each of the first three workers dies as soon as it has reported an epoch, while that epoch's checkpoint is being written.
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
    public void Train_WorkersKilledThreeTimes_MergeToTheBitsOfOneTraining()
    {
        using var folder = new TempFolder();
        var options = Prepare(folder);
        for (var killed = 0; killed < Blocks; killed++)
        {
            Assert.AreNotEqual(0, Work(folder, block: killed, process => process.Kill()));
        }

        for (var block = 0; block < Blocks; block++)
        {
            Assert.AreEqual(0, Work(folder, block));
        }

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

    [TestMethod]
    public void SlurmScript_OfARun_QueuesStoppedTasksAgain()
    {
        var script = Job.SlurmScript("'/opt/samples'");

        StringAssert.Contains(script, "#SBATCH --array=0-9%4\n");
        StringAssert.Contains(script, "#SBATCH --time=2:00:00\nexport OMP_NUM_THREADS=2\n");
        StringAssert.Contains(script, "'/opt/samples' blocks train --run '/shared/run' &\n");
        StringAssert.Contains(script, "if [ $code = 75 ]; then\n  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"\nfi\n");
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

    [TestMethod]
    public void SlurmScript_OddFolder_IsReadAsItIs()
    {
        const string folder = "/shared/it's 50% \"done\"/$HOME";
        var script = (Job with { Folder = folder }).SlurmScript("'/opt/samples'");

        StringAssert.Contains(script, "#SBATCH --output=\"/shared/it's 50%% \\\"done\\\"/$HOME/block-%a.log\"\n");
        StringAssert.Contains(script, $"--run {BlocksJob.ShellQuoted(folder)} &\n");
        if (!OperatingSystem.IsWindows())
        {
            using var shell = Process.Start(
                new ProcessStartInfo("sh", ["-c", $"printf %s {BlocksJob.ShellQuoted(folder)}"]) { RedirectStandardOutput = true })!;

            Assert.AreEqual(folder, shell.StandardOutput.ReadToEnd());
        }
    }

    // The manifest was never run: there is no cluster here. What Kubernetes' own typed client reads of it is what is meant.
    [TestMethod]
    public void KubernetesManifest_ByTheTypedClient_IsAnIndexedJobThatSchedulersMayRepeat()
    {
        var job = KubernetesYaml.Deserialize<V1Job>(Job.KubernetesManifest("registry/image:1", "shared"), strict: true);

        Assert.AreEqual(("batch/v1", "Job"), (job.ApiVersion, job.Kind));
        Assert.AreEqual(("Indexed", 10, 4, 3), (
            job.Spec.CompletionMode, job.Spec.Completions, job.Spec.Parallelism, job.Spec.BackoffLimitPerIndex));
        var rules = job.Spec.PodFailurePolicy.Rules;
        CollectionAssert.AreEqual(new[] { "Ignore", "Ignore", "FailIndex" }, rules.Select(rule => rule.Action).ToArray());
        Assert.AreEqual(("DisruptionTarget", "True"), (rules[0].OnPodConditions[0].Type, rules[0].OnPodConditions[0].Status));
        CollectionAssert.AreEqual(new int?[] { CommandExecution.RunAgain }, rules[1].OnExitCodes.Values.Cast<int?>().ToArray());
        CollectionAssert.AreEqual(new int?[] { 1 }, rules[2].OnExitCodes.Values.Cast<int?>().ToArray());
    }

    [TestMethod]
    [DataRow("registry/image:1 # x", "a: b")]
    [DataRow("\"image\"", "it's")]
    [DataRow("yes", "7")]
    public void KubernetesManifest_OddNames_AreTexts(string image, string claim)
    {
        var pod = KubernetesYaml.Deserialize<V1Job>(Job.KubernetesManifest(image, claim), strict: true).Spec.Template.Spec;

        Assert.AreEqual(image, pod.Containers.Single().Image);
        Assert.AreEqual(claim, pod.Volumes.Single().PersistentVolumeClaim.ClaimName);
    }

    [TestMethod]
    public void KubernetesManifest_ByTheTypedClient_RunsAWorkerOnTheSharedVolume()
    {
        var pod = KubernetesYaml.Deserialize<V1Job>(Job.KubernetesManifest("registry/image:1", "shared"), strict: true).Spec.Template.Spec;
        var container = pod.Containers.Single();

        Assert.AreEqual("Never", pod.RestartPolicy);
        Assert.AreEqual("registry/image:1", container.Image);
        CollectionAssert.AreEqual(new[] { "blocks", "train", "--run", "/run-folder" }, container.Args.ToArray());
        Assert.AreEqual("/run-folder", container.VolumeMounts.Single().MountPath);
        Assert.AreEqual(container.VolumeMounts.Single().Name, pod.Volumes.Single().Name);
        Assert.AreEqual("shared", pod.Volumes.Single().PersistentVolumeClaim.ClaimName);
        Assert.AreEqual(("OMP_NUM_THREADS", "2"), (container.Env.Single().Name, container.Env.Single().Value));
        Assert.AreEqual("2", container.Resources.Requests["cpu"].ToString());
    }

    // Not built: there are no images to start from here. Every line is an instruction that a builder knows.
    [TestMethod]
    public void Containerfile_Lines_StartTheProgram()
    {
        var lines = BlocksJob.Containerfile.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        CollectionAssert.AreEqual(new[] { "FROM", "RUN", "COPY", "ENTRYPOINT" }, lines.Select(line => line.Split(' ')[0]).ToArray());
        StringAssert.Contains(lines[^1], typeof(BlocksJob).Assembly.GetName().Name + ".dll");

        // What the program needs is what the image has: there is one with ASP.NET Core and one without.
        var needs = File.ReadAllText(Path.ChangeExtension(typeof(BlocksJob).Assembly.Location, ".runtimeconfig.json"));
        StringAssert.Contains(lines[0], needs.Contains("Microsoft.AspNetCore.App", StringComparison.Ordinal) ? "/aspnet:" : "/runtime:");
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
        BlocksRun.Prepare(folder.File("run"), images, new ImagePixels { Side = TinyImages.Side, Colors = PixelColors.Rgb }, options);
        return options;
    }

    private static int Work(TempFolder folder, int block, Action<Process>? atFirstEpoch = null) => SamplesProgram.RunUntilAnEpoch(
        atFirstEpoch, "blocks", "train", "--run", folder.File("run"), "--index", $"{block}");
}
