using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary>What starts the workers.</summary>
internal enum BlocksEngine
{
    /// <summary>Processes on this machine.</summary>
    Local,

    /// <summary>A job array of Slurm.</summary>
    Slurm,

    /// <summary>An Indexed Job of Kubernetes.</summary>
    Kubernetes,
}

/// <summary><c>blocks launch</c>: runs workers on this machine, or writes what a cluster's scheduler needs to run them.</summary>
internal static class BlocksLaunch
{
    public static Command Create()
    {
        var run = BlocksCommand.RunOption();
        var engine = new Option<BlocksEngine>("--engine")
        {
            Description = "local runs the workers; slurm and kubernetes write their files to RUN and print what submits them.",
            DefaultValueFactory = _ => BlocksEngine.Local,
        };
        var workers = new Option<int>("--workers") { Description = "Workers at the same time.", DefaultValueFactory = _ => 2 };
        var threads = new Option<int>("--threads")
        {
            Description = "Threads of each worker. Models are equal to the bit only where this is.",
            DefaultValueFactory = _ => 1,
        };
        var image = new Option<string>("--image")
        {
            Description = "Kubernetes: the container image, made of the Containerfile that is written too, with the registry that nodes "
                + "pull it from.",
            HelpName = "REGISTRY/NAME:TAG",
        };
        var claim = new Option<string>("--claim")
        {
            Description = "Kubernetes: the claim of a volume that every node can write to, which holds RUN.",
            DefaultValueFactory = _ => "nullaprop-run",
        };
        var submit = new Option<bool>("--submit")
        {
            Description = "Slurm: call sbatch as well, and show the blocks until the job is over.",
        };
        var sbatch = new Option<string[]>("--sbatch")
        {
            Description = "Slurm: an option for sbatch, such as --sbatch=--time=2:00:00.",
        };
        var command = new Command(
            "launch",
            $"Starts the workers of a prepared run. {CommandExecution.DoneOrMistake}{CommandExecution.RunAgain}: local workers were "
            + "stopped by SIGTERM, SIGUSR1 or Ctrl+C and have saved their states: run it again; 130: cancelled with --submit, which "
            + "leaves the job at work.")
        {
            run, engine, workers, threads, image, claim, submit, sbatch,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            RequireEngine(arguments, BlocksEngine.Slurm, submit, sbatch);
            RequireEngine(arguments, BlocksEngine.Kubernetes, image, claim);
            var folder = Path.GetFullPath(arguments.GetRequiredValue(run));
            RequireOneLine("--run", folder);
            foreach (var option in arguments.GetValue(sbatch) ?? [])
                RequireOneLine("--sbatch", option);
            var opened = BlocksRun.Open(folder, NullLogger.Instance);
            var job = new BlocksJob(
                folder,
                opened.Blocks.Count,
                OptionRange.AtLeastOne("--workers", arguments.GetRequiredValue(workers)),
                OptionRange.AtLeastOne("--threads", arguments.GetRequiredValue(threads)),
                arguments.GetValue(sbatch) ?? []);
            return arguments.GetRequiredValue(engine) switch
            {
                BlocksEngine.Slurm => Slurm(job, opened, arguments.GetValue(submit), cancellationToken),
                BlocksEngine.Kubernetes => Kubernetes(job, Pullable(arguments.GetValue(image)), arguments.GetRequiredValue(claim)),
                _ => new BlocksWorkers(job).Run(opened, cancellationToken),
            };
        });
        return command;
    }

    /// <summary>Returns the exit code where all blocks of a run are trained.</summary>
    /// <exception cref="UserMistakeException">Some are not; the message names them and a log.</exception>
    public static int Outcome(BlocksJob job, BlocksRun run)
    {
        int[] missing = [.. Enumerable.Range(0, job.Blocks).Where(block => !run.Blocks.IsTrained(block))];
        return missing is [] ? 0 : throw new UserMistakeException(
            $"Blocks {string.Join(", ", missing)} are not trained to their end; '{job.LogPath(missing[0])}' says why. "
            + "The same command goes on with them.");
    }

    // What follows a line break in a comment of a script would be a command.
    private static void RequireOneLine(string option, string text)
    {
        if (text.Any(char.IsControl))
            throw new UserMistakeException($"{option} holds a line break, or another character that no script keeps. Name it otherwise.");
    }

    private static void RequireEngine(ParseResult arguments, BlocksEngine engine, params Option[] options)
    {
        var chosen = arguments.GetRequiredValue<BlocksEngine>("--engine");
        if (chosen != engine && options.FirstOrDefault(option => arguments.GetResult(option) is { Implicit: false }) is { } given)
        {
            throw new UserMistakeException(
                $"{given.Name} is given, but it is for --engine {engine}, and --engine is {chosen}. Leave one of the two out.");
        }
    }

    private static int Slurm(BlocksJob job, BlocksRun run, bool submits, CancellationToken cancellationToken)
    {
        var script = Write(job, "blocks.sbatch", job.SlurmScript(string.Join(' ', ThisProgram.Command.Select(BlocksJob.ShellQuoted))));
        if (!submits)
        {
            Unwrapped.WriteLine($"sbatch {BlocksJob.ShellQuoted(script)}");
            return 0;
        }

        var (exitCode, id) = Query("sbatch", "--parsable", script);
        if (exitCode != 0)
            throw new UserMistakeException($"sbatch did not take the script '{script}': {id}");
        // Behind the number stands the cluster, where there are several.
        var (jobId, cluster) = id.Split(';') is [var number, var name] ? (number, new[] { $"--clusters={name}" }) : (id, []);
        Unwrapped.WriteLine(
            $"Slurm has the job {jobId}. Ctrl+C leaves it at work; '{string.Join(' ', ["scancel", .. cluster, jobId])}' ends it.");
        new BlocksView(run.Blocks, run.Epochs).Follow(() => !IsQueued(["--jobs", jobId, .. cluster]), cancellationToken);
        return Outcome(job, run);
    }

    // A task between two tries is in the queue as well. A job that Slurm has forgotten is over; one that it cannot tell of now may not be.
    private static bool IsQueued(string[] job)
    {
        var (exitCode, output) = Query("squeue", ["--noheader", .. job]);
        return exitCode == 0 ? output.Length > 0 : !output.Contains("Invalid job id", StringComparison.OrdinalIgnoreCase);
    }

    private static (int ExitCode, string Output) Query(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd().Trim();
            output = output.Length > 0 ? output : errors.GetAwaiter().GetResult().Trim();
            process.WaitForExit();
            return (process.ExitCode, output);
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new UserMistakeException($"{program} cannot be started: {exception.Message}", exception);
        }
    }

    private static int Kubernetes(BlocksJob job, string image, string claim)
    {
        BlocksJob.RequireSystemOfImage(OperatingSystem.IsLinux(), RuntimeInformation.ProcessArchitecture);
        var containerfile = Write(job, "Containerfile", BlocksJob.Containerfile);
        var manifest = Write(job, "blocks.yaml", job.KubernetesManifest(image, claim));
        // Where a Job of this name is there, also one that is over, 'apply' changes nothing.
        Unwrapped.WriteLine(
            $"podman build -t {BlocksJob.ShellQuoted(image)} -f {BlocksJob.ShellQuoted(containerfile)} "
            + $"{BlocksJob.ShellQuoted(AppContext.BaseDirectory)} && podman push {BlocksJob.ShellQuoted(image)} "
            + $"&& kubectl delete job {job.KubernetesName} --ignore-not-found && kubectl apply -f {BlocksJob.ShellQuoted(manifest)}");
        return 0;
    }

    // The first part of a name is a registry where it looks like a host. A node has no other place to pull an image from.
    private static string Pullable(string? image)
    {
        const string example = "such as --image registry.example.com/nullaprop-blocks:1";
        if (image is null)
            throw new UserMistakeException($"--image is not given, but the nodes pull the program from a registry. Name it, {example}.");
        var host = image.Split('/') is [var first, _, ..] ? first : string.Empty;
        return host == "localhost" || host.AsSpan().ContainsAny(".:") ? image : throw new UserMistakeException(
            $"--image is '{image}', which names no registry, so that no node could pull it. Name one, {example}.");
    }

    private static string Write(BlocksJob job, string name, string text)
    {
        var path = Path.Combine(job.Folder, name);
        try
        {
            OutputFile.Replace(path, text);
            return path;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The file '{path}' cannot be written: {exception.Message}", exception);
        }
    }
}
