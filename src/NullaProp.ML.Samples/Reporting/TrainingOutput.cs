using Microsoft.ML;
using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>The files that a training leaves in a folder: the model and two charts.</summary>
internal sealed record TrainingOutput(string Folder)
{
    public string ModelPath => Path.Combine(Folder, "model.zip");

    public string TrainingChartPath => Path.Combine(Folder, "training.png");

    public string ConfusionChartPath => Path.Combine(Folder, "confusion.png");

    /// <summary>Writes all of them and says where they are.</summary>
    public void Save(MLContext mlContext, TrainedClassifier classifier, TrainingProgress progress)
    {
        mlContext.Model.Save(classifier.Chain, classifier.InputSchema, ModelPath);
        TrainingChart.Save(progress.History, progress.EvaluationName, TrainingChartPath);
        ConfusionChart.Save(classifier.Metrics.ConfusionMatrix, classifier.Trained.Model.ClassNames, ConfusionChartPath);
        AnsiConsole.WriteLine($"Saved {ModelPath}, {TrainingChartPath} and {ConfusionChartPath}.");
        AnsiConsole.WriteLine();
    }
}
