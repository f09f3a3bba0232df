using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.ChildProcesses;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>
/// <c>fuzz</c>: model files changed at random are loaded, each in a process that may fall. None may crash, hang, take memory, throw what is
/// not documented, or be accepted and score otherwise.
/// </summary>
internal static class FuzzCommand
{
    private const int CasesOfProcess = 250;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60); // without a sign of life, also from its start on

    public static Command Create()
    {
        var cases = new Option<int>("--cases") { Description = "The number of changed files.", DefaultValueFactory = _ => 10_000 };
        var processes = new Option<int>("--processes") { Description = "How many processes load at once.", DefaultValueFactory = _ => 2 };
        var kept = new Option<string?>("--keep") { Description = "Folder to put the files of cases that fell in.", HelpName = "FOLDER" };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "fuzz",
            "Loads model files that were changed at random. Takes some eight minutes for 10,000 cases.") { cases, processes, kept, json };
        command.SetAction(result => Run(
            result.GetValue(cases),
            result.GetValue(processes),
            result.GetValue(kept),
            result.GetValue(json)));
        return command;
    }

    private static int Run(int cases, int processes, string? kept, string? json)
    {
        var report = new ReliabilityReport($"fuzz --cases {cases}");
        var watch = Stopwatch.StartNew();
        var folder = Directory.CreateTempSubdirectory("noprop-fuzz-").FullName;
        var found = new List<FuzzCase>();
        var fallen = new SortedSet<int>();
        try
        {
            SaveModels(folder);
            var parts = Enumerable.Range(0, (cases + CasesOfProcess - 1) / CasesOfProcess);
            Parallel.ForEach(parts, new ParallelOptions { MaxDegreeOfParallelism = processes }, part =>
            {
                var (next, end) = (part * CasesOfProcess, Math.Min(cases, (part + 1) * CasesOfProcess));
                while (next < end)
                {
                    next = RunProcess(folder, next, end - next, found, (number, fault) =>
                    {
                        report.Fell($"Case {number} {fault}.");
                        lock (fallen)
                        {
                            fallen.Add(number);
                        }
                    });
                }
            });
            Keep(folder, kept, fallen);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        report.Set("cases", found.Count);
        report.Set("models", SmallModels.InFiles.Count);
        report.Set("accepted", found.Count(one => one.Outcome == FuzzCase.Accepted));
        report.Set("acceptedWithOtherScores", found.Count(one => one.Outcome == FuzzCase.OtherScores));
        report.Set("acceptedAsAnotherModelWithRightHashes", found.Count(one => one.Outcome == FuzzCase.OtherModel));
        foreach (var outcome in found.GroupBy(one => one.Outcome).OrderByDescending(group => group.Count()))
        {
            report.Set($"outcome: {outcome.Key}", outcome.Count());
        }

        report.Set("slowestMilliseconds", found.Max(one => one.Milliseconds));
        report.Set("mostAllocatedBytesOverTwiceTheFile", found.Max(one => one.AllocatedOverTwiceTheFile));
        report.Set("seconds", Math.Round(watch.Elapsed.TotalSeconds, 1));
        return report.End(json);
    }

    private static void Keep(string folder, string? kept, IEnumerable<int> fallen)
    {
        if (kept is null)
        {
            return;
        }

        Directory.CreateDirectory(kept);
        List<byte[]> models = [.. SmallModels.InFiles.Select(model => File.ReadAllBytes(Path.Combine(folder, model.Name)))];
        foreach (var number in fallen)
        {
            File.WriteAllBytes(Path.Combine(kept, $"{number}.zip"), FuzzCase.Mutated(models, number).Bytes);
        }
    }

    private static void SaveModels(string folder)
    {
        var context = new MLContext(seed: 1);
        foreach (var (name, train) in SmallModels.InFiles)
        {
            var model = train(context);
            using var owner = model as IDisposable;
            context.Model.Save(model, SmallModels.Data(context).Schema, Path.Combine(folder, name));
        }
    }

    // Returns the case after the last one that ran.
    private static int RunProcess(string folder, int first, int count, List<FuzzCase> found, Action<int, string> fell)
    {
        var begun = first;
        var ended = first;
        using var hang = new CancellationTokenSource(Patience);
        try
        {
            string[] role =
            [
                ChildRoles.Fuzz,
                folder,
                first.ToString(CultureInfo.InvariantCulture),
                count.ToString(CultureInfo.InvariantCulture),
            ];
            var exitCode = ChildProcess.Run(role, Read, cancellationToken: hang.Token);
            if (ended < first + count || exitCode != 0)
            {
                fell(begun, $"ended the process with exit code {exitCode}");
            }
        }
        catch (OperationCanceledException)
        {
            fell(begun, $"hung for more than {Patience.TotalSeconds:0} s");
        }

        return ended < first + count ? begun + 1 : ended;

        void Read(string line)
        {
            hang.CancelAfter(Patience);
            if (line.StartsWith("begin ", StringComparison.Ordinal))
            {
                begun = int.Parse(line[6..], CultureInfo.InvariantCulture);
                return;
            }

            var one = FuzzCase.Parse(line);
            ended = one.Number + 1;
            lock (found)
            {
                found.Add(one);
            }

            if (one.Fault() is { } fault)
            {
                fell(one.Number, $"({one.Mutation}) {fault}");
            }
        }
    }
}
