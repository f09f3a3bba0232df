using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NullaProp.ML.Benchmarks.Reporting;
using NullaProp.ML.ChildProcesses;
using NullaProp.ML.Storage;
using Spectre.Console;

namespace NullaProp.ML.Benchmarks;

/// <summary>
/// <c>kill</c>: trainings with checkpoints that are killed at random moments, until each has ended; their weights against those of a
/// training that nobody disturbed. Equal bits alone would not tell a training that goes on from one that begins again: the first step of
/// each process is held against the last whole checkpoint.
/// </summary>
internal static class KillCommand
{
    private const int EnoughForAll = 20; // kills: each variant has ended and gone on, and a checkpoint was left unfinished
    private const int MostSteps = 8; // that a process takes before it is killed, so that every training is killed several times

    private static readonly TimeSpan MostWait = TimeSpan.FromMilliseconds(50); // behind a step
    private static readonly TimeSpan MostWriting = TimeSpan.FromMilliseconds(6); // behind the first sight of a checkpoint

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    public static Command Create()
    {
        var times = new Option<int>("--times") { Description = "Kills in all, over the variants in turn.", DefaultValueFactory = _ => 50 };
        var json = new Option<string?>("--json") { Description = "File to write the figures to.", HelpName = "FILE" };
        var command = new Command(
            "kill",
            "Kills trainings at random moments, every other time while a checkpoint is written, and compares what they end with by bits. "
            + "Takes some three seconds a kill.")
        {
            times, json,
        };
        command.SetAction(result => Run(result.GetRequiredValue(times), result.GetValue(json)));
        return command;
    }

    private static int Run(int times, string? json)
    {
        var random = new Random(1);
        var figures = ChildRoles.KilledVariants.ToDictionary(name => name, Undisturbed);
        while (figures.Values.Sum(figure => figure.Kills) < times)
        {
            var (name, figure) = figures.MinBy(pair => pair.Value.Kills);
            Disturb(name, figure, random, times - figures.Values.Sum(other => other.Kills));
            AnsiConsole.WriteLine(
                $"{name}: {figure.Kills} kills, {figure.Equal} trainings with equal bits, {figure.Different} with others.");
            if (json is not null)
            {
                Write(json, figures); // after every training, so that an interrupted run leaves what it has
            }
        }

        List<string> falls = [.. Falls(figures)];
        falls.ForEach(fall => AnsiConsole.WriteLine($"FELL: {fall}"));
        return falls.Count == 0 ? 0 : 1;
    }

    private static IEnumerable<string> Falls(Dictionary<string, KillFigure> figures)
    {
        var isEnough = figures.Values.Sum(figure => figure.Kills) >= EnoughForAll;
        foreach (var (name, figure) in figures)
        {
            if (figure.Different > 0)
            {
                yield return $"{name}: {figure.Different} trainings ended with other bits or with a fault.";
            }

            if (figure.BegunAgain > 0)
            {
                yield return $"{name}: {figure.BegunAgain} processes took a step that a whole checkpoint had behind it.";
            }

            if (isEnough && (figure.Equal == 0 || figure.WentOn == 0))
            {
                yield return $"{name}: {figure.Equal} trainings ended and {figure.WentOn} processes went on: nothing was seen.";
            }
        }

        if (isEnough && figures.Values.All(figure => figure.WhileWriting == 0))
        {
            yield return "No process was killed while a checkpoint was written.";
        }
    }

    private static KillFigure Undisturbed(string name)
    {
        using var folder = new DisposableFolder();
        var hash = string.Empty;
        var exitCode = ChildProcess.Run([ChildRoles.Killed, name, folder.Path], line => hash = line, threads: 1);
        return exitCode == 0
            ? new KillFigure(hash)
            : throw new InvalidOperationException($"The training of {name} that nobody disturbed ended with exit code {exitCode}.");
    }

    // One training, killed until it survives to its end, or as often as is wanted: in turns at a random moment behind a step, and as soon
    // as the checkpoint behind it begins to be written.
    private static void Disturb(string name, KillFigure figure, Random random, int most)
    {
        using var folder = new DisposableFolder();
        for (var kills = 0; ; kills++)
        {
            using var kill = new CancellationTokenSource();
            using var watcher = new FileSystemWatcher(folder.Path, "*.tmp") { NotifyFilter = NotifyFilters.DirectoryName };
            var (step, last, writing) = (random.Next(MostSteps), string.Empty, kills % 2 == 1);
            var kept = LastWhole(folder.Path);
            watcher.Created += (_, _) => KillWithin(MostWriting);
            try
            {
                var exitCode = ChildProcess.Run([ChildRoles.Killed, name, folder.Path], OnLine, threads: 1, cancellationToken: kill.Token);
                figure.Add(exitCode == 0 && last == figure.Hash);
                return;
            }
            catch (OperationCanceledException)
            {
                figure.AddKill(Directory.EnumerateDirectories(folder.Path, "*.tmp").Any());
            }

            void OnLine(string line)
            {
                last = line;
                if (kept is { } before && Step(line) is { } first)
                {
                    figure.AddStart(first.CompareTo(before) >= 0);
                    kept = null;
                }

                if (step-- != 0 || kills >= most)
                {
                    return;
                }

                if (writing)
                {
                    watcher.EnableRaisingEvents = true;
                }
                else
                {
                    KillWithin(MostWait);
                }
            }

            void KillWithin(TimeSpan most)
            {
                watcher.EnableRaisingEvents = false;
                kill.CancelAfter(most * random.NextDouble());
            }
        }
    }

    // Null before the first.
    private static (int Epoch, int Pass, int Step)? LastWhole(string folder)
    {
        if (CheckpointFolder.Names(folder) is not [var newest, ..])
        {
            return null;
        }

        var place = CheckpointFile.ReadDescription(Path.Combine(folder, newest)).Place;
        return (place.Epoch, place.Pass, place.Step);
    }

    // Null on a line that tells no step.
    private static (int Epoch, int Pass, int Step)? Step(string line) =>
        line.Split(' ') is ["epoch", var epoch, "pass", var pass, "step", var step]
            ? (Number(epoch), Number(pass), Number(step))
            : null;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static void Write(string path, Dictionary<string, KillFigure> figures)
    {
        var json = new JsonObject
        {
            ["kills"] = figures.Values.Sum(figure => figure.Kills),
            ["killsWhileACheckpointWasWritten"] = figures.Values.Sum(figure => figure.WhileWriting),
            ["processesThatWentOnFromACheckpoint"] = figures.Values.Sum(figure => figure.WentOn),
            ["processesThatBeganBeforeTheirCheckpoint"] = figures.Values.Sum(figure => figure.BegunAgain),
            ["trainingsEndedWithEqualBits"] = figures.Values.Sum(figure => figure.Equal),
            ["trainingsEndedOtherwise"] = figures.Values.Sum(figure => figure.Different),
            ["threads"] = 1,
            ["machine"] = Machine.Describe(),
            ["variants"] =
                new JsonObject(
                    figures.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonSerializer.SerializeToNode(pair.Value, Format)))),
        };
        FigureFile.Write(path, json);
    }

    private sealed class DisposableFolder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nullaprop-kill-");

        public string Path => _folder.FullName;

        public void Dispose() => _folder.Delete(recursive: true);
    }
}

/// <summary>What became of the trainings of one variant.</summary>
/// <param name="Hash">The hash of the weights that an undisturbed training gives.</param>
internal sealed record KillFigure(string Hash)
{
    /// <summary>Gets the number of processes killed.</summary>
    public int Kills { get; private set; }

    /// <summary>Gets how many of them left a checkpoint unfinished.</summary>
    public int WhileWriting { get; private set; }

    /// <summary>Gets the number of trainings that ended with the same bits.</summary>
    public int Equal { get; private set; }

    /// <summary>Gets the number of trainings that ended with others, or with a fault.</summary>
    public int Different { get; private set; }

    /// <summary>Gets the number of processes whose first step was not before the last whole checkpoint.</summary>
    public int WentOn { get; private set; }

    /// <summary>Gets the number of processes whose first step was before it.</summary>
    public int BegunAgain { get; private set; }

    /// <summary>Adds a training that ended.</summary>
    /// <param name="isEqual">Whether it gave the same bits.</param>
    public void Add(bool isEqual) => (Equal, Different) = (Equal + (isEqual ? 1 : 0), Different + (isEqual ? 0 : 1));

    /// <summary>Adds a kill.</summary>
    /// <param name="whileWriting">Whether a checkpoint was being written.</param>
    public void AddKill(bool whileWriting) => (Kills, WhileWriting) = (Kills + 1, WhileWriting + (whileWriting ? 1 : 0));

    /// <summary>Adds the first step of a process that found a checkpoint.</summary>
    /// <param name="isBehind">Whether it is not before that.</param>
    public void AddStart(bool isBehind) => (WentOn, BegunAgain) = (WentOn + (isBehind ? 1 : 0), BegunAgain + (isBehind ? 0 : 1));
}
