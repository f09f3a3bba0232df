using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.ML;
using TorchSharp;

namespace NullaProp.ML.Benchmarks.Reliability;

/// <summary>
/// <c>soak</c>: trains, loads, scores from many threads, drops engines and cursors half way and disposes, round after round. After a
/// warm-up the number of tensors must stay the same and the memory must not grow.
/// </summary>
internal static class SoakCommand
{
    private const int Threads = 64;
    private const int PredictionsOfThread = 20;
    private const double MostGrowth = 0.05; // of the memory, from the second quarter of the rounds to the last

    // Of threads that have ended. torch.Tensor.TotalCount would do for all, but it counts one too many for each parameter ever made: its
    // constructor takes the handle of another tensor, which is never counted down.
    private static long _leftByThreads;

    public static Command Create()
    {
        var minutes = new Option<double>("--minutes") { Description = "How long.", DefaultValueFactory = _ => 60 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command("soak", "Uses models without rest and watches the memory.") { minutes, json };
        command.SetAction(result => Run(result.GetValue(minutes), result.GetValue(json)));
        return command;
    }

    private static int Run(double minutes, string? json)
    {
        var report = new ReliabilityReport($"soak --minutes {minutes}");
        var (resident, tensors, watch) = (new List<long>(), new List<long>(), Stopwatch.StartNew());
        while (watch.Elapsed < TimeSpan.FromMinutes(minutes) || resident.Count < 8)
        {
            Round(resident.Count);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            resident.Add(Environment.WorkingSet);
            tensors.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount + Interlocked.Read(ref _leftByThreads));
        }

        var warm = tensors.Skip(tensors.Count / 4).ToList();
        if (warm.Max() != warm.Min())
        {
            report.Fell($"The number of live tensors went from {warm[0]} to {warm[^1]}, between {warm.Min()} and {warm.Max()}.");
        }

        var quarter = resident.Count / 4;
        var (early, late) = (resident.Skip(quarter).Take(quarter).Average(), resident.TakeLast(quarter).Average());
        if (late > early * (1 + MostGrowth))
        {
            report.Fell($"The memory grew from {early:#,0} to {late:#,0} bytes.");
        }

        report.Set("rounds", resident.Count);
        report.Set("predictionsOneByOne", (long)resident.Count * Threads * PredictionsOfThread);
        report.Set("threads", Threads);
        report.Set("liveTensorsAfterWarmUp", warm[0]);
        report.Set("liveTensorsAtTheEnd", warm[^1]);
        report.Set("residentBytesSecondQuarter", Math.Round(early));
        report.Set("residentBytesLastQuarter", Math.Round(late));
        report.Set("residentBytes", new JsonArray([.. Sampled(resident).Select(bytes => (JsonNode)bytes)]));
        report.Set("seconds", Math.Round(watch.Elapsed.TotalSeconds, 1));
        return report.End(json);
    }

    // Trained, saved, loaded, used from all threads, and left behind by some of them.
    private static void Round(int number)
    {
        var context = new MLContext(seed: 1);
        using var file = new MemoryStream();
        using (var trained = SmallModels.Train(context, SmallModels.All[number % SmallModels.All.Count].Options))
        {
            context.Model.Save(trained, SmallModels.Data(context).Schema, file);
        }

        file.Position = 0;
        var model = (NoPropTransformer)context.Model.Load(file, out _);
        using var other = model.WithColumns(score: "Other");
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(thread => new Thread(() => Use(model, thread)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Drop(context, model);
        model.Dispose();
    }

    private static void Use(NoPropTransformer model, int thread)
    {
        var context = new MLContext(seed: 1);
        var engine = context.Model.CreatePredictionEngine<SmallRow, Workloads.RowPrediction>(
            model, new PredictionEngineOptions { OwnsTransformer = false }); // dropped, not disposed of
        for (var i = 0; i < PredictionsOfThread; i++)
        {
            engine.Predict(SmallRow.Of(thread + i));
        }

        if (thread % 8 == 0)
        {
            SmallModels.BatchScores(context, model);
        }

        Interlocked.Add(ref _leftByThreads, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    // A cursor that nobody closes, half way.
    private static void Drop(MLContext context, NoPropTransformer model)
    {
        var scored = model.Transform(SmallModels.Data(context));
        var cursor = scored.GetRowCursor(scored.Schema);
        cursor.MoveNext();
        cursor.MoveNext();
    }

    private static IEnumerable<long> Sampled(List<long> values) => values.Where((_, i) => i % Math.Max(1, values.Count / 60) == 0);
}
