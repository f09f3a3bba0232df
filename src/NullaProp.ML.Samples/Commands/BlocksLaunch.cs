using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

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
            Description = "local runs the workers; slurm and kubernetes write their files to RUN and print the command that submits them.",
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
            Description = "Kubernetes: the container image, made of the Containerfile that is written too.",
            DefaultValueFactory = _ => "nullaprop-blocks:latest",
        };
        var claim = new Option<string>("--claim")
        {
            Description = "Kubernetes: the claim of a volume that every node can write to, which holds RUN.",
            DefaultValueFactory = _ => "nullaprop-run",
        };
        var submit = new Option<bool>("--submit") { Description = "Slurm: call sbatch as well." };
        var command = new Command("launch", $"Starts the workers of a prepared run. {CommandExecution.ExitCodes}")
        {
            run, engine, workers, threads, image, claim, submit,
        };
        command.SetBody((arguments, cancellationToken) =>
        {
            var folder = Path.GetFullPath(arguments.GetRequiredValue(run));
            var job = new BlocksJob(
                folder,
                BlocksRun.Open(folder, NullLogger.Instance).Blocks.Count,
                Positive("--workers", arguments.GetRequiredValue(workers)),
                Positive("--threads", arguments.GetRequiredValue(threads)));
            return arguments.GetRequiredValue(engine) switch
            {
                BlocksEngine.Slurm => Slurm(job, arguments.GetValue(submit)),
                BlocksEngine.Kubernetes => Kubernetes(job, arguments.GetRequiredValue(image), arguments.GetRequiredValue(claim)),
                _ => Local(job, cancellationToken),
            };
        });
        return command;
    }

    private static int Local(BlocksJob job, CancellationToken cancellationToken)
    {
        var failed = new ConcurrentBag<int>();
        Parallel.For(
            0,
            job.Blocks,
            new ParallelOptions { MaxDegreeOfParallelism = job.Workers, CancellationToken = cancellationToken },
            block =>
        {
            var start = Worker(job, block);
            using var process = Process.Start(start)!;
            using var ending = cancellationToken.Register(() => process.Kill(entireProcessTree: true)); // its checkpoints stay
            process.WaitForExit();
            if (process.ExitCode != 0)
                failed.Add(block);
        });
        if (failed.IsEmpty)
            return 0;
        throw new UserMistakeException(
            $"Blocks {string.Join(", ", failed.Order())} are not trained to their end, as their workers say above. The same command "
                + $"goes on with them.");
    }

    private static ProcessStartInfo Worker(BlocksJob job, int block)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
            start.ArgumentList.Add(Assembly.GetEntryAssembly()!.Location);
        foreach (var argument in new[] { "blocks", "train", "--run", job.Folder, "--index", block.ToString(CultureInfo.InvariantCulture) })
            start.ArgumentList.Add(argument);
        start.Environment["OMP_NUM_THREADS"] = job.Threads.ToString(CultureInfo.InvariantCulture);
        return start;
    }

    private static int Slurm(BlocksJob job, bool submits)
    {
        var script = Write(job, "blocks.sbatch", job.SlurmScript(Program()));
        if (!submits)
        {
            AnsiConsole.WriteLine($"sbatch '{script}'");
            return 0;
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo("sbatch") { ArgumentList = { script } })!;
            process.WaitForExit();
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new UserMistakeException($"sbatch cannot be started: {exception.Message} The script is '{script}'.", exception);
        }
    }

    private static int Kubernetes(BlocksJob job, string image, string claim)
    {
        var containerfile = Write(job, "Containerfile", BlocksJob.Containerfile);
        var manifest = Write(job, "blocks.yaml", job.KubernetesManifest(image, claim));
        AnsiConsole.WriteLine(
            $"podman build -t {image} -f '{containerfile}' '{AppContext.BaseDirectory}' && kubectl apply -f '{manifest}'");
        return 0;
    }

    // How a shell starts this program.
    private static string Program() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? $"'{Environment.ProcessPath}' '{Assembly.GetEntryAssembly()!.Location}'"
        : $"'{Environment.ProcessPath}'";

    private static string Write(BlocksJob job, string name, string text)
    {
        var path = Path.Combine(job.Folder, name);
        try
        {
            File.WriteAllText(path, text);
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
