using Microsoft.ML;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>The files that a training leaves in a folder: the model and two charts.</summary>
/// <param name="folder">The folder; it exists afterwards.</param>
/// <exception cref="UserMistakeException">A file cannot be written.</exception>
internal sealed class TrainingOutput(string folder)
{
    public string ModelPath { get; } = OutputFile.At(Path.Combine(Checked(folder), "model.zip"), OutputKind.Model).Path;

    public string TrainingChartPath { get; } = OutputFile.At(Path.Combine(folder, "training.png"), OutputKind.Picture).Path;

    public string ConfusionChartPath { get; } = OutputFile.At(Path.Combine(folder, "confusion.png"), OutputKind.Picture).Path;

    /// <summary>Writes the model, before anything else that may fail.</summary>
    /// <returns>Where it is.</returns>
    /// <exception cref="UserMistakeException">It cannot be written anywhere.</exception>
    public SavedModel SaveModel(MLContext mlContext, TrainedClassifier classifier) => SavedModel.Save(
        ModelPath, path => mlContext.Model.SaveAtomically(classifier.Chain, classifier.InputSchema, path));

    /// <summary>Draws the charts beside the model, and says where all of it is.</summary>
    /// <exception cref="UserMistakeException">One cannot be written.</exception>
    public void SaveCharts(SavedModel model, TrainedClassifier classifier, ClassifierEvaluation evaluation, TrainingProgress progress) =>
        model.Then("but not its charts", () =>
        {
            var place = model.Path == ModelPath ? this : new TrainingOutput(Path.GetDirectoryName(model.Path)!);
            place.DrawCharts(classifier, evaluation, progress);
            return place;
        });

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

    private void DrawCharts(TrainedClassifier classifier, ClassifierEvaluation evaluation, TrainingProgress progress)
    {
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
            ConfusionChart.Save(evaluation.Metrics.ConfusionMatrix, names, ConfusionChartPath);
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
