using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Measuring;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.Benchmarks.Workloads;
using NullaProp.ML.ChildProcesses;
using Spectre.Console;

namespace NullaProp.ML.Benchmarks;

/// <summary>
/// <c>threads</c>: the same work, in a process of its own, beside other processes that want the same processors, by number of threads and
/// by how libtorch's threads wait for each other.
/// </summary>
internal static class ThreadsCommand
{
    // Its name, the threads of the run (0: the default), and what the environment says of waiting.
    private static readonly (string Name, int Threads, string? WaitPolicy, string? SpinCount)[] Settings =
    [
        ("default", 0, null, null),
        ("1 thread", 1, null, null),
        ("default, OMP_WAIT_POLICY=PASSIVE", 0, "PASSIVE", null),
        ("default, GOMP_SPINCOUNT=300000, which is GNU OpenMP's own", 0, null, "300000"),
    ];

    public static Command Create()
    {
        var images = new Option<int>("--images") { Description = "Images to train on, or to score.", DefaultValueFactory = _ => 4_000 };
        var loads = new Option<int[]>("--loads")
        {
            Description = "Numbers of other processes, each of which wants a processor.",
            DefaultValueFactory = _ => [0, 4, 16],
            AllowMultipleArgumentsPerToken = true,
        };
        var runs = new Option<int>("--runs") { Description = "How often each is done.", DefaultValueFactory = _ => 3 };
        var work = new Option<WorkKind>("--work") { Description = "What is done.", DefaultValueFactory = _ => WorkKind.Training };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command("threads", "Trains or scores on a busy machine by numbers of threads. Takes some ten minutes.")
        {
            images, loads, runs, work, json,
        };
        command.SetAction(result => Run(
            result.GetValue(work),
            result.GetRequiredValue(images),
            result.GetRequiredValue(loads),
            result.GetRequiredValue(runs),
            result.GetValue(json)));
        return command;
    }

    private static void Run(WorkKind work, int images, int[] loads, int runs, string? json)
    {
        var table = new Table().AddColumns("other processes", "setting", "seconds", "quartiles", "processor seconds");
        var rows = new JsonArray();
        foreach (var load in loads)
        {
            using var others = new OtherWork(load);
            foreach (var (name, threads, policy, spins) in Settings)
            {
                var environment = new Dictionary<string, string?>
                {
                    ["OMP_NUM_THREADS"] = null,
                    ["OMP_WAIT_POLICY"] = policy,
                    ["GOMP_SPINCOUNT"] = spins,
                };
                var measured = Enumerable.Range(0, runs).Select(_ => Measure(work, images, threads, environment)).ToList();
                others.RequireAlive();
                var (seconds, processor) = (Spread.Of(measured.Select(run => run[0])), Spread.Of(measured.Select(run => run[1])));
                table.AddRow(
                    $"{load}",
                    name,
                    $"{seconds.Median:0.0}",
                    $"{seconds.LowerQuartile:0.0} … {seconds.UpperQuartile:0.0}",
                    $"{processor.Median:0.0}");
                rows.Add(new JsonObject
                {
                    ["otherProcesses"] = load,
                    ["setting"] = name,
                    ["seconds"] = seconds.Median,
                    ["leastSeconds"] = seconds.Least,
                    ["mostSeconds"] = seconds.Most,
                    ["processorSeconds"] = processor.Median,
                    ["runs"] = runs,
                });
                Write(json, images, rows);
            }
        }

        AnsiConsole.Write(table);
    }

    private static double[] Measure(WorkKind work, int images, int threads, IReadOnlyDictionary<string, string?> environment)
    {
        string[] role =
        [
            ChildRoles.Threads,
            $"{work}",
            images.ToString(CultureInfo.InvariantCulture),
            threads.ToString(CultureInfo.InvariantCulture),
        ];
        double[] numbers = [];
        var exitCode = ChildProcess.Run(
            role,
            line => numbers = [.. line.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))],
            environment: environment);
        return exitCode == 0
            ? numbers
            : throw new InvalidOperationException($"The work ended with exit code {exitCode}; what it says is above.");
    }

    // After every setting, so that an interrupted run leaves what it has.
    private static void Write(string? json, int images, JsonArray rows)
    {
        if (json is null)
        {
            return;
        }

        var root = new JsonObject { ["images"] = images, ["machine"] = Machine.Describe(), ["rows"] = rows.DeepClone() };
        FigureFile.Write(json, root);
    }

    // Processes that want a processor each, until it is disposed of.
    private sealed class OtherWork : IDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task[] _processes;

        public OtherWork(int count)
        {
            using var begun = new CountdownEvent(count);
            _processes = [.. Enumerable.Range(0, count).Select(_ => Task.Factory.StartNew(
                () => Spin(begun), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
            while (!begun.Wait(TimeSpan.FromSeconds(1)))
            {
                RequireAlive(); // one that never begins would be waited for
            }
        }

        public void RequireAlive()
        {
            if (_processes.Count(process => process.IsCompleted) is > 0 and var ended)
            {
                throw new InvalidOperationException(
                    $"{ended} of {_processes.Length} other processes ended by themselves, so the load is not what is said; what they "
                        + "say is above.");
            }
        }

        public void Dispose()
        {
            _end.Cancel();
            Task.WaitAll(_processes);
            _end.Dispose();
        }

        private void Spin(CountdownEvent begun)
        {
            try
            {
                ChildProcess.Run([ChildRoles.Spin], _ => begun.Signal(), cancellationToken: _end.Token);
            }
            catch (OperationCanceledException)
            {
                // The way in which it ends.
            }
        }
    }
}
