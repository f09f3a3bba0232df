using NullaProp.ML.Samples.Training;
using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>What the training commands say on the console.</summary>
internal static class Report
{
    public static void PrintTask(string images, NoPropOptions options)
    {
        AnsiConsole.WriteLine(images);
        AnsiConsole.WriteLine(
            $"Training {options.Variant.GetType().Name}: {options.Epochs} epochs, batches of {options.BatchSize}, "
            + $"learning rate {options.LearningRate}, seed {options.Seed}.");
    }

    public static void PrintNote(string note) => AnsiConsole.Write(new Text($"{note}\n", Color.Grey));

    public static void PrintResult(TrainedClassifier classifier, ClassifierEvaluation evaluation, string evaluationName)
    {
        AnsiConsole.WriteLine();
        PrintPlain(classifier.Trained.Model.Summary.ToString().TrimEnd());
        AnsiConsole.Write(Metrics(classifier, evaluation, evaluationName));
        PrintPlain(
            evaluation.Metrics.ConfusionMatrix.NumberOfClasses <= ConfusionChart.MostClasses
                ? evaluation.Metrics.ConfusionMatrix.GetFormattedConfusionTable().Trim()
                : $"A confusion table of {evaluation.Metrics.ConfusionMatrix.NumberOfClasses:N0} classes would be too large to read.");
    }

    public static void PrintReload(ReloadCheck reload)
    {
        AnsiConsole.WriteLine("Reloaded in a new MLContext, without a word about NoProp:");
        var table = new Table()
            .AddColumns("File", "Class")
            .AddColumn(new TableColumn("Probability").RightAligned())
            .AddColumn(new TableColumn("Latency").RightAligned());
        foreach (var prediction in reload.Predictions)
        {
            var isRight = prediction.Best.ClassName == prediction.Image.Label;
            table.AddRow(
                Markup.Escape(ShortPath(prediction.Image.ImagePath)),
                Markup.Escape(isRight ? prediction.Best.ClassName : $"{prediction.Best.ClassName} (wrong)"),
                $"{prediction.Best.Probability:P1}",
                $"{prediction.Latency.TotalMilliseconds:0.00} ms");
        }

        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"Median latency of a prediction, from file to class: {reload.MedianLatency.TotalMilliseconds:0.00} ms.");
        AnsiConsole.WriteLine($"Largest difference between a score before saving and after loading: {reload.MaxScoreDifference:0.0e+0}.");
    }

    private static Table Metrics(TrainedClassifier classifier, ClassifierEvaluation evaluation, string evaluationName)
    {
        var (metrics, diagnostics) = (evaluation.Metrics, evaluation.Diagnostics);
        return new Table()
            .AddColumn($"On {diagnostics.Rows:N0} {evaluationName} images")
            .AddColumn(new TableColumn("").RightAligned())
            .AddColumn("")
            .AddRow("Accuracy", $"{metrics.MicroAccuracy:P2}", "share of images classified correctly")
            .AddRow("Macro accuracy", $"{metrics.MacroAccuracy:P2}", "mean over the classes")
            .AddRow("Log-loss", $"{metrics.LogLoss:0.0000}", "in nats; lower is better")
            .AddRow(
                "Accuracy, one evaluation",
                $"{diagnostics.SingleEvaluationMicroAccuracy:P2}",
                "the first evaluation alone, as an ordinary classifier does it")
            .AddRow(
                "Accuracy, noise for z",
                $"{diagnostics.NoiseZMicroAccuracy:P2}",
                "fresh noise for z; as high as the accuracy: the steps decide nothing")
            .AddRow("Embedding norm", $"{diagnostics.EmbeddingNorm:0.000}", "near 0, z would carry no label")
            .AddRow("Training time", $"{classifier.FitTime.TotalSeconds:0.0} s", "reading the images included");
    }

    // Laid out by its maker: Spectre would wrap it.
    private static void PrintPlain(string text)
    {
        Console.Out.WriteLine(text);
        Console.Out.WriteLine();
    }

    private static string ShortPath(string path) => Path.GetRelativePath(Environment.CurrentDirectory, path);
}
