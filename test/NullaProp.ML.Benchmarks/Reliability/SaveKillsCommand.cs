using System.CommandLine;
using System.Diagnostics;
using Microsoft.ML;
using NullaProp.ML.ChildProcesses;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>
/// <c>save-kills</c>: a process that saves two models to one file in turns is killed at a random moment, again and again. One of the two,
/// whole, must stand there each time.
/// </summary>
internal static class SaveKillsCommand
{
    private const int EnoughForBoth = 20; // kills, for each model to be seen, and a save in the middle
    private const int MostMilliseconds = 600; // after the first saving: some dozens of them

    public static Command Create()
    {
        var times = new Option<int>("--times") { Description = "How often the process is killed.", DefaultValueFactory = _ => 100 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "save-kills",
            "Kills a process while it saves models. Takes some three minutes for 100 times.") { times, json };
        command.SetAction(result => Run(result.GetValue(times), result.GetValue(json)));
        return command;
    }

    private static int Run(int times, string? json)
    {
        var report = new ReliabilityReport($"save-kills --times {times}");
        var folder = Directory.CreateTempSubdirectory("noprop-kills-").FullName;
        var random = new Random(1);
        var (wholeFirst, wholeSecond, halves, saves, watch) = (0, 0, 0, 0, Stopwatch.StartNew());
        try
        {
            var context = new MLContext(seed: 1);
            var (first, second, target) = (Path.Combine(folder, "first"), Path.Combine(folder, "second"), Path.Combine(folder, "model"));
            float[][] scores = [Save(context, first, seed: 1), Save(context, second, seed: 2)];
            for (var time = 0; time < times; time++)
            {
                var delay = TimeSpan.FromMilliseconds(random.NextDouble() * MostMilliseconds);
                saves += Kill([ChildRoles.Save, first, second, target], delay, report);
                var found = Standing(context, target, report, time);
                wholeFirst += found is not null && found.AsSpan().SequenceEqual(scores[0]) ? 1 : 0;
                wholeSecond += found is not null && found.AsSpan().SequenceEqual(scores[1]) ? 1 : 0;
                var beside = Directory.GetFiles(folder, "*.tmp");
                halves += beside.Length;
                Array.ForEach(beside, File.Delete);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        if (wholeFirst + wholeSecond != times)
        {
            report.Fell($"Of {times} times, one of the two models stood there {wholeFirst + wholeSecond} times.");
        }

        if (times >= EnoughForBoth && (wholeFirst == 0 || wholeSecond == 0))
        {
            report.Fell($"The first model stood there {wholeFirst} times and the second {wholeSecond} times: no save was seen to end.");
        }

        if (times >= EnoughForBoth && halves == 0)
        {
            report.Fell($"None of {times} kills left a file half written: none hit a save.");
        }

        report.Set("kills", times);
        report.Set("savesBeforeThem", saves);
        report.Set("firstModelStood", wholeFirst);
        report.Set("secondModelStood", wholeSecond);
        report.Set("killedInTheMiddleOfSaving", halves);
        report.Set("seconds", Math.Round(watch.Elapsed.TotalSeconds, 1));
        return report.End(json);
    }

    private static float[] Save(MLContext context, string path, int seed)
    {
        var options = SmallModels.Smallest with { HiddenSize = 512, Seed = seed };
        using var model = SmallModels.Train(context, options);
        context.Model.Save(model, SmallModels.Data(context).Schema, path);
        return SmallModels.Scores(context, model);
    }

    // Returns how often it had saved.
    private static int Kill(IEnumerable<string> role, TimeSpan delay, ReliabilityReport report)
    {
        using var end = new CancellationTokenSource();
        var saves = 0;
        try
        {
            var exitCode = ChildProcess.Run(role, Saved, cancellationToken: end.Token);
            report.Fell($"The process that saves ended by itself, with {exitCode}.");
        }
        catch (OperationCanceledException)
        {
            // as it should
        }

        return saves;

        void Saved(string line)
        {
            if (saves++ == 0)
            {
                end.CancelAfter(delay); // from its first line on: a model stands there
            }
        }
    }

    private static float[]? Standing(MLContext context, string path, ReliabilityReport report, int time)
    {
        try
        {
            NoPropModelFile.Check(path);
            var model = context.Model.Load(path, out _);
            using var owner = model as IDisposable;
            return SmallModels.Scores(context, model);
        }
        catch (Exception fault)
        {
            report.Fell($"After kill {time}: {fault.GetType().Name}: {fault.Message}");
            return null;
        }
    }
}
