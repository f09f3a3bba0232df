using Microsoft.ML;
using NullaProp.ML.Samples.Commands;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>The files that a training leaves in a folder: the model and two charts.</summary>
/// <param name="folder">The folder; it exists afterwards.</param>
/// <exception cref="UserMistakeException">A file cannot be written.</exception>
internal sealed class TrainingOutput(string folder)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private bool _hasModel;

    public string ModelPath { get; } = OutputFile.At(Path.Combine(Checked(folder), "model.zip"), OutputKind.Model).Path;

    public string TrainingChartPath { get; } = OutputFile.At(Path.Combine(folder, "training.png"), OutputKind.Picture).Path;

    public string ConfusionChartPath { get; } = OutputFile.At(Path.Combine(folder, "confusion.png"), OutputKind.Picture).Path;

    /// <summary>Writes all of them and says where they are. Where the disk is full, another folder can be given.</summary>
    /// <exception cref="UserMistakeException">
    /// Nobody gave a folder in which they can be written. They are in one for temporary files, if they could be written there. Or the
    /// model is written, and a chart of it cannot be.
    /// </exception>
    /// <returns>What was written, in the folder given last.</returns>
    public TrainingOutput Save(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
    {
        for (var (output, target) = (this, folder); ;)
        {
            try
            {
                output ??= new TrainingOutput(target);
                output.Write(mlContext, classifier, progress);
                return output;
            }
            catch (Exception fault) when (IsOfFiles(fault) && output is { _hasModel: true })
            {
                throw new UserMistakeException($"The model is saved as '{output.ModelPath}', but not its charts: {fault.Message}", fault);
            }
            catch (Exception fault) when (IsOfFiles(fault))
            {
                CommandExecution.PrintError($"The model cannot be saved in '{target}': {fault.Message} It is kept in memory.");
                (output, target) = (null, OtherFolder() ?? throw SavedAside(mlContext, classifier, progress));
            }
        }
    }

    private static string Checked(string folder)
    {
        for (var path = folder; !string.IsNullOrEmpty(path); path = Path.GetDirectoryName(path))
        {
            if (File.Exists(path))
            {
                throw new UserMistakeException(
                    $"'{path}' is a file, but must be a folder{(path == folder ? "" : $", as part of '{folder}',")} for the model and its "
                    + "charts. Name another one.");
            }
        }

        return folder;
    }

    private static bool IsOfFiles(Exception fault) => fault is IOException or UnauthorizedAccessException or UserMistakeException;

    // From who sits at the terminal; a program that started this one has to answer at once.
    private static string? OtherFolder()
    {
        AnsiConsole.Write("Another folder to save it in: ");
        var reading = Task.Run(Console.ReadLine);
        var line = !Console.IsInputRedirected || reading.Wait(Patience) ? reading.GetAwaiter().GetResult() : null;
        AnsiConsole.WriteLine();
        return string.IsNullOrWhiteSpace(line) ? null : line.Trim();
    }

    // A training of hours is better kept in a folder that nobody asked for than lost.
    private UserMistakeException SavedAside(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
    {
        var temporary = Directory.CreateTempSubdirectory("nullaprop-train-").FullName;
        var aside = new TrainingOutput(temporary);
        try
        {
            aside.Write(mlContext, classifier, progress);
            return new UserMistakeException(
                $"The model is not in '{folder}' but in '{temporary}'. Move it, for that is for temporary files.");
        }
        catch (Exception fault) when (IsOfFiles(fault))
        {
            return new UserMistakeException(
                aside._hasModel
                    ? $"The model is not in '{folder}' but in '{temporary}', without all of its charts: {fault.Message}"
                    : $"The model cannot be saved in '{temporary}' either, and is lost: {fault.Message}",
                fault);
        }
    }

    private void Write(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
    {
        mlContext.Model.SaveAtomically(classifier.Chain, classifier.InputSchema, ModelPath);
        _hasModel = true;
        var (saved, unsaid) = (new List<string> { ModelPath }, string.Empty);
        if (progress.History.Count > 0)
        {
            TrainingChart.Save(progress.History, classifier.KeptEpoch, progress.EvaluationName, TrainingChartPath);
            saved.Add(TrainingChartPath);
        }
        else
        {
            unsaid = " There was no epoch left to train and to draw."; // the checkpoints held the whole training
        }

        var names = classifier.Trained.Model.ClassNames;
        if (names.Count <= ConfusionChart.MostClasses)
        {
            ConfusionChart.Save(classifier.Metrics.ConfusionMatrix, names, ConfusionChartPath);
            saved.Add(ConfusionChartPath);
        }
        else
        {
            unsaid += $" A confusion table of {names.Count:N0} classes would be too large to look at.";
        }

        Unwrapped.WriteLine($"Saved {string.Join(", ", saved.SkipLast(1))}{(saved.Count > 1 ? " and " : "")}{saved[^1]}.{unsaid}");
        AnsiConsole.WriteLine();
    }
}
