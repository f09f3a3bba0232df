using Microsoft.ML;
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

    /// <summary>Writes all of them and says where they are.</summary>
    public void Save(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
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
