using System.Diagnostics;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests.Samples;

/// <summary>What schedulers are given to start the workers of a run.</summary>
[TestClass]
public sealed class BlocksJobTests
{
    private static readonly BlocksJob Job = new("/shared/run", Blocks: 10, Workers: 4, Threads: 2, ["--time=2:00:00"]);

    [TestMethod]
    public void SlurmScript_OfARun_QueuesStoppedTasksAgain()
    {
        var script = Job.SlurmScript("'/opt/samples'");

        StringAssert.Contains(script, "#SBATCH --array=0-9%4\n");
        StringAssert.Contains(script, "#SBATCH --time=2:00:00\nexport OMP_NUM_THREADS=2\n");
        StringAssert.Contains(script, "'/opt/samples' blocks train --run '/shared/run' &\n");
        StringAssert.Contains(script, "; then\n  scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"\nfi\n");
    }

    // A worker that ends as ours do, and a scontrol that only says what it was asked.
    [TestMethod]
    [DataRow("USR1", true)]
    [DataRow("TERM", false)]
    public void SlurmScript_Signal_QueuesAgainOnlyBeforeTheTimeLimit(string signal, bool isQueued)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no such signals.");
        }

        using var folder = new TempFolder();
        using var shell = Task(folder, "trap 'exit 75' USR1 TERM; echo ready; while true; do sleep 0.05; done", restarts: 0);
        using var limit = TimeLimit.On(shell);

        Assert.AreEqual("ready", shell.StandardOutput.ReadLine());
        SamplesProgram.Signal(shell, signal);
        var said = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();

        Assert.AreEqual(CommandExecution.RunAgain, shell.ExitCode);
        Assert.AreEqual(isQueued ? "requeue 7_3\n" : string.Empty, said);
    }

    // A file server that fails for a while, and one that fails for good; a mistake fails for good, too.
    [TestMethod]
    [DataRow(CommandExecution.FileFault, 0, true)]
    [DataRow(CommandExecution.FileFault, 2, true)]
    [DataRow(CommandExecution.FileFault, 3, false)]
    [DataRow(1, 0, false)]
    public void SlurmScript_WorkerFails_IsQueuedAgainThreeTimesForItsFilesAlone(int code, int restarts, bool isQueued)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no bash.");
        }

        using var folder = new TempFolder();
        using var shell = Task(folder, $"exit {code}", restarts);
        using var limit = TimeLimit.On(shell);

        var said = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();

        Assert.AreEqual(code, shell.ExitCode);
        Assert.AreEqual(isQueued ? "requeue 7_3\n" : string.Empty, said);
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

    // A Job of the same name that is there already, also one that is over, keeps a new one from being made.
    [TestMethod]
    [DataRow("/shared/run")]
    [DataRow("/other/run")]
    [DataRow("/shared/Über 9000_blocks of a name that is longer than a label may be, by far and more")]
    [DataRow("/shared/___")]
    public void KubernetesManifest_Name_IsALabelOfTheFolder(string folder)
    {
        var job = Job with { Folder = folder };

        var name = KubernetesYaml.Deserialize<V1Job>(job.KubernetesManifest("registry/image:1", "shared"), strict: true).Metadata.Name;

        Assert.AreEqual(job.KubernetesName, name);
        StringAssert.Matches(name, new Regex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"));
        Assert.IsLessThan(57, name.Length, "an index of five digits and its dash follow in 63 characters");
        Assert.AreNotEqual((Job with { Folder = $"{folder}2" }).KubernetesName, name);
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

    private static Process Task(TempFolder folder, string worker, int restarts)
    {
        Script(folder.File("worker"), worker);
        Script(folder.File("scontrol"), "echo \"$@\"");
        File.WriteAllText(folder.File("job"), Job.SlurmScript(BlocksJob.ShellQuoted(folder.File("worker"))));
        var start = new ProcessStartInfo("bash", [folder.File("job")]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{folder.Path}:{Environment.GetEnvironmentVariable("PATH")}";
        (start.Environment["SLURM_ARRAY_JOB_ID"], start.Environment["SLURM_ARRAY_TASK_ID"]) = ("7", "3");
        start.Environment["SLURM_RESTART_COUNT"] = $"{restarts}";
        return Process.Start(start)!;
    }

    private static void Script(string path, string commands)
    {
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{commands}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }
}
