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
            "Loads model files that were changed at random. Takes some three minutes for 10,000 cases.") { cases, processes, kept, json };
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
        report.Set("models", SmallModels.All.Count);
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
        List<byte[]> models = [.. SmallModels.All.Select(model => File.ReadAllBytes(Path.Combine(folder, model.Name)))];
        foreach (var number in fallen)
        {
            File.WriteAllBytes(Path.Combine(kept, $"{number}.zip"), FuzzCase.Mutated(models, number).Bytes);
        }
    }

    private static void SaveModels(string folder)
    {
        var context = new MLContext(seed: 1);
        foreach (var (name, options) in SmallModels.All)
        {
            using var model = SmallModels.Train(context, options);
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
            if (ended < first + count)
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

/// <summary>What became of one changed file.</summary>
/// <param name="Number">The number of the case.</param>
/// <param name="Milliseconds">How long checking, loading and scoring took.</param>
/// <param name="AllocatedOverTwiceTheFile">Managed memory that checking or loading asked for, in bytes beyond twice the file's.</param>
/// <param name="Mutation">What was done to the file.</param>
/// <param name="Outcome">What came of it.</param>
internal sealed record FuzzCase(int Number, double Milliseconds, long AllocatedOverTwiceTheFile, string Mutation, string Outcome)
{
    public const string Accepted = "accepted with the same scores";
    public const string OtherScores = "accepted with other scores";
    public const string OtherModel = "accepted as another model with right hashes";
    public const string Unexpected = "threw what is not documented: ";

    private const double MostMilliseconds = 2000;
    private const long MostBytes = 64 << 20;

    /// <summary>
    /// Loads a changed file and scores with it. What takes long is done again and the shorter time taken: the machine may have been busy.
    /// </summary>
    /// <param name="context">Loads it.</param>
    /// <param name="number">The number of the case.</param>
    /// <param name="models">The good files, with what they score.</param>
    /// <param name="path">Where to put the file.</param>
    public static FuzzCase Run(MLContext context, int number, IReadOnlyList<(byte[] Bytes, float[] Scores)> models, string path)
    {
        var scores = models[number / 12 % models.Count].Scores;
        var mutated = Mutated([.. models.Select(model => model.Bytes)], number);
        File.WriteAllBytes(path, mutated.Bytes);
        var first = Try(context, number, mutated, scores, path);
        var second = first.Milliseconds > MostMilliseconds ? Try(context, number, mutated, scores, path) : first;
        return first with { Milliseconds = Math.Min(first.Milliseconds, second.Milliseconds) };
    }

    /// <summary>Returns the changed file of a case.</summary>
    /// <param name="models">The good files.</param>
    /// <param name="number">The number of the case.</param>
    public static MutatedModel Mutated(IReadOnlyList<byte[]> models, int number) =>
        MutatedModel.Of(models[number / 12 % models.Count], models[((number / 12) + 1) % models.Count], number);

    private static FuzzCase Try(MLContext context, int number, MutatedModel mutated, float[] scores, string path)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        var outcome = Check(context, path) ?? Load(context, path, scores, mutated.IsSealed);
        var most = GC.GetAllocatedBytesForCurrentThread() - before - (2L * mutated.Bytes.Length);
        return new(number, watch.Elapsed.TotalMilliseconds, most, mutated.Name, outcome);
    }

    /// <summary>Reads a case from the line of another process.</summary>
    public static FuzzCase Parse(string line)
    {
        var parts = line.Split('\t');
        return new(
            int.Parse(parts[0], CultureInfo.InvariantCulture),
            double.Parse(parts[1], CultureInfo.InvariantCulture),
            long.Parse(parts[2], CultureInfo.InvariantCulture),
            parts[3],
            parts[4]);
    }

    /// <summary>Returns the line.</summary>
    public string Line() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Number}\t{Milliseconds:0.0}\t{AllocatedOverTwiceTheFile}\t{Mutation}\t{Outcome}");

    /// <summary>Returns which promise fell, or <see langword="null"/>.</summary>
    public string? Fault() => Outcome == OtherScores || Outcome.Contains(Unexpected, StringComparison.Ordinal) ? Outcome
        : Milliseconds > MostMilliseconds ? $"took {Milliseconds:0} ms"
        : AllocatedOverTwiceTheFile > MostBytes ? $"took {AllocatedOverTwiceTheFile:#,0} bytes beyond twice the file"
        : null;

    // Null where it finds nothing.
    private static string? Check(MLContext context, string path)
    {
        try
        {
            NoPropModelFile.Check(path);
            return null;
        }
        catch (FormatException fault) when (fault.Message.Contains("would read without end", StringComparison.Ordinal))
        {
            return "refused by Check, and not loaded, for ML.NET would not come back";
        }
        catch (FormatException)
        {
            return "refused by Check with a FormatException" + $", by Load {LoadIsRefused(context, path)}";
        }
        catch (Exception fault)
        {
            return $"{Unexpected}Check, {Of(fault)}";
        }
    }

    // What Load does with a file that Check refused: it may not accept it.
    private static string LoadIsRefused(MLContext context, string path)
    {
        try
        {
            using var model = context.Model.Load(path, out _) as IDisposable;
            return Unexpected + "it was loaded";
        }
        catch (Exception fault)
        {
            return IsDocumented(fault) ? "as documented" : $"{Unexpected}{Of(fault)}";
        }
    }

    private static string Load(MLContext context, string path, float[] scores, bool isSealed)
    {
        try
        {
            var model = context.Model.Load(path, out _);
            using var owner = model as IDisposable;
            return SmallModels.Scores(context, model).AsSpan().SequenceEqual(scores) ? Accepted : isSealed ? OtherModel : OtherScores;
        }
        catch (Exception fault)
        {
            return IsDocumented(fault) ? "passed by Check, refused by ML.NET's Load" : $"{Unexpected}Load, {Of(fault)}";
        }
    }

    // docs/reliability.md.
    private static bool IsDocumented(Exception? fault) =>
        fault is FormatException or InvalidOperationException or IOException or InvalidDataException
        or ArgumentException or System.Reflection.TargetInvocationException or NotSupportedException or OverflowException;

    private static string Of(Exception fault) => $"{fault.GetType().Name}: {fault.Message.ReplaceLineEndings(" ").Replace('\t', ' ')}";
}
