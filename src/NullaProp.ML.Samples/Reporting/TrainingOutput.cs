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
    public string ModelPath { get; } = OutputFile.At(Path.Combine(folder, "model.zip")).Path;

    public string TrainingChartPath { get; } = OutputFile.At(Path.Combine(folder, "training.png")).Path;

    public string ConfusionChartPath { get; } = OutputFile.At(Path.Combine(folder, "confusion.png")).Path;

    /// <summary>Writes all of them and says where they are. Where the disk is full, another folder can be given.</summary>
    /// <exception cref="UserMistakeException">They can be written in no folder that was given, nor in that for temporary files.</exception>
    public void Save(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
    {
        for (var (output, target) = (this, folder); ;)
        {
            try
            {
                output ??= new TrainingOutput(target);
                output.Write(mlContext, classifier, progress);
                return;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or UserMistakeException)
            {
                (output, target) = (null, OtherFolder(target, fault));
            }
        }
    }

    // From who sits at the terminal, or else a new one for temporary files, in which a training of hours is better kept than lost.
    private static string OtherFolder(string failed, Exception fault)
    {
        var temporary = Path.Combine(Path.GetTempPath(), "nullaprop-train");
        if (failed.StartsWith(temporary, StringComparison.Ordinal))
            throw new UserMistakeException($"The model cannot be saved anywhere and is lost: {fault.Message}", fault);
        CommandExecution.PrintError($"The model cannot be saved in '{failed}': {fault.Message} It is kept in memory.");
        AnsiConsole.Write("Another folder to save it in (none: that for temporary files): ");
        return Console.ReadLine() is { } line && !string.IsNullOrWhiteSpace(line)
            ? line.Trim()
            : $"{temporary}-{Path.GetRandomFileName()}";
    }

    private void Write(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
    {
        mlContext.Model.SaveAtomically(classifier.Chain, classifier.InputSchema, ModelPath);
        ConfusionChart.Save(classifier.Metrics.ConfusionMatrix, classifier.Trained.Model.ClassNames, ConfusionChartPath);
        if (progress.History.Count > 0)
        {
            TrainingChart.Save(progress.History, classifier.KeptEpoch, progress.EvaluationName, TrainingChartPath);
            AnsiConsole.WriteLine($"Saved {ModelPath}, {TrainingChartPath} and {ConfusionChartPath}.");
        }
        else
        {
            // The checkpoints held the whole training.
            AnsiConsole.WriteLine($"Saved {ModelPath} and {ConfusionChartPath}. There was no epoch left to train and to draw.");
        }

        AnsiConsole.WriteLine();
    }
}
