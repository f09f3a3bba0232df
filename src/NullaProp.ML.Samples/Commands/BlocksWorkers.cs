using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using NullaProp.ML.Samples.Reporting;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Commands;

/// <summary>
/// Workers on this machine, each a process of its own. They write to logs of their own; what is shown is what their checkpoints say, as for
/// workers on other machines.
/// </summary>
/// <param name="job">What they train.</param>
internal sealed class BlocksWorkers(BlocksJob job)
{
    private readonly ConcurrentDictionary<int, int> _failed = new(); // exit codes by block

    /// <summary>Trains all blocks.</summary>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Stops the workers, which save.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="UserMistakeException">A worker failed, or a block is not trained; the message names it and its log.</exception>
    public int Run(BlocksRun run, CancellationToken cancellationToken)
    {
        using var stop = new StopSignals(cancellationToken);
        var work = Each(job.Blocks, job.Workers, block => Work(block, stop.Token), stop.Token);
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
        var exitCode = BlocksLaunch.Outcome(job, run);
        return _failed.IsEmpty ? exitCode : throw Failed(_failed.MinBy(worker => worker.Key));
    }

    /// <summary>Works at numbers, each on a thread of its own: whoever is free takes the next one, and none is kept for later.</summary>
    /// <param name="count">How many numbers there are, from 0.</param>
    /// <param name="workers">The most of them at once.</param>
    /// <param name="work">The work; where it fails, no more are begun.</param>
    /// <param name="cancellationToken">Keeps more from being begun.</param>
    public static Task Each(int count, int workers, Action<int> work, CancellationToken cancellationToken)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, Math.Min(workers, count)).Select(_ => Task.Factory.StartNew(
            Take, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        void Take()
        {
            for (int number; !cancellationToken.IsCancellationRequested && (number = Interlocked.Increment(ref next)) < count;)
            {
                try
                {
                    work(number);
                }
                catch
                {
                    Volatile.Write(ref next, count);
                    throw;
                }
            }
        }
    }

    private void Work(int block, CancellationToken cancellationToken)
    {
        using var log = Log(job.LogPath(block));
        using var process = new Process { StartInfo = Worker(block) };
        process.OutputDataReceived += Write;
        process.ErrorDataReceived += Write;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var ending = cancellationToken.Register(() => Stop(process));
        process.WaitForExit();
        if (process.ExitCode is not (0 or CommandExecution.RunAgain))
            _failed[block] = process.ExitCode;

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

    // A block can be trained all the same: by an earlier process, or up to a last step that failed.
    private UserMistakeException Failed(KeyValuePair<int, int> worker) => new(
        $"The worker of block {worker.Key} ended with exit code {worker.Value}, although the block is trained; "
        + $"'{job.LogPath(worker.Key)}' says why. Mend that before you merge the blocks.");

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

    private ProcessStartInfo Worker(int block)
    {
        var start = new ProcessStartInfo(
            ThisProgram.Command[0],
            [
                .. ThisProgram.Command.Skip(1),
                "blocks", "train", "--run", job.Folder, "--index", block.ToString(CultureInfo.InvariantCulture),
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = job.Threads.ToString(CultureInfo.InvariantCulture);
        return start;
    }
}
