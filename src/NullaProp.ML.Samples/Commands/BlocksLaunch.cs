using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.ExceptionServices;
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
            $"Starts the workers of a prepared run. {CommandExecution.ExitCodes} {CommandExecution.RunAgain}: local workers were stopped "
            + "by SIGTERM, SIGUSR1 or Ctrl+C and have saved their states: run it again.")
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
                Positive("--workers", arguments.GetRequiredValue(workers)),
                Positive("--threads", arguments.GetRequiredValue(threads)),
                arguments.GetValue(sbatch) ?? []);
            return arguments.GetRequiredValue(engine) switch
            {
                BlocksEngine.Slurm => Slurm(job, opened, arguments.GetValue(submit), cancellationToken),
                BlocksEngine.Kubernetes => Kubernetes(job, Pullable(arguments.GetValue(image)), arguments.GetRequiredValue(claim)),
                _ => Local(job, opened, cancellationToken),
            };
        });
        return command;
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

    // Workers write to logs of their own; what is shown is what their checkpoints say, as for workers on other machines.
    private static int Local(BlocksJob job, BlocksRun run, CancellationToken cancellationToken)
    {
        using var stop = new StopSignals(cancellationToken);
        var limit = new ParallelOptions { MaxDegreeOfParallelism = job.Workers, CancellationToken = stop.Token };
        var work = Task.Run(() => Parallel.For(0, job.Blocks, limit, block => Work(job, block, stop.Token)), CancellationToken.None);
        try
        {
            new BlocksView(run.Blocks, run.Epochs).Follow(() => work.IsCompleted, stop.Token);
        }
        catch (OperationCanceledException)
        {
            ((IAsyncResult)work).AsyncWaitHandle.WaitOne(); // until the last worker has saved its state
            CommandExecution.PrintError(
                "The workers were stopped, each at a step that it saved, or killed where the system has no signal for that; the same "
                + "command goes on from their checkpoints.");
            return CommandExecution.RunAgain;
        }

        if (work.Exception is { } faults)
            ExceptionDispatchInfo.Throw(faults.Flatten().InnerExceptions[0]); // the others will be of the same folder
        return Outcome(job, run);
    }

    private static void Work(BlocksJob job, int block, CancellationToken cancellationToken)
    {
        using var log = Log(job.LogPath(block));
        using var process = new Process { StartInfo = Worker(job, block) };
        process.OutputDataReceived += Write;
        process.ErrorDataReceived += Write;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var ending = cancellationToken.Register(() => Stop(process));
        process.WaitForExit();

        void Write(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return; // the end of the stream
            lock (log)
            {
                try
                {
                    log.WriteLine(line.Data);
                }
                catch (IOException)
                {
                    Console.Error.WriteLine(line.Data); // the disk is full, which the worker will say
                }
            }
        }
    }

    private static StreamWriter Log(string path)
    {
        try
        {
            return new StreamWriter(path, append: true) { AutoFlush = true };
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The log '{path}' cannot be written: {exception.Message}", exception);
        }
    }

    // As a scheduler does it: the worker ends its step and saves. Windows has no such signal; there the last checkpoint stays.
    private static void Stop(Process process)
    {
        if (OperatingSystem.IsWindows())
        {
            process.Kill(entireProcessTree: true);
            return;
        }

        try
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            process.Kill(entireProcessTree: true); // a small container has no such program
        }
    }

    private static int Outcome(BlocksJob job, BlocksRun run)
    {
        int[] missing = [.. Enumerable.Range(0, job.Blocks).Where(block => !run.Blocks.IsTrained(block))];
        return missing is [] ? 0 : throw new UserMistakeException(
            $"Blocks {string.Join(", ", missing)} are not trained to their end; '{job.LogPath(missing[0])}' says why. "
            + "The same command goes on with them.");
    }

    private static ProcessStartInfo Worker(BlocksJob job, int block)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        foreach (var argument in new[] { "blocks", "train", "--run", job.Folder, "--index", block.ToString(CultureInfo.InvariantCulture) })
            start.ArgumentList.Add(argument);
        start.Environment["OMP_NUM_THREADS"] = job.Threads.ToString(CultureInfo.InvariantCulture);
        return start;
    }

    private static int Slurm(BlocksJob job, BlocksRun run, bool submits, CancellationToken cancellationToken)
    {
        var script = Write(job, "blocks.sbatch", job.SlurmScript(Program()));
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

    // How a shell starts this program.
    private static string Program() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? $"{BlocksJob.ShellQuoted(Environment.ProcessPath!)} {BlocksJob.ShellQuoted(Assembly.GetEntryAssembly()!.Location)}"
        : BlocksJob.ShellQuoted(Environment.ProcessPath!);

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

    private static int Positive(string name, int value) =>
        value > 0 ? value : throw new UserMistakeException($"{name} is {value}, but must be 1 or more.");
}
