using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>The figures of a quickstart, as <c>--json</c> writes them.</summary>
internal sealed record QuickstartFigures
{
    public required int TrainRows { get; init; }

    public required int TestRows { get; init; }

    public required int Epochs { get; init; }

    public required double FitSeconds { get; init; }

    public required double MicroAccuracy { get; init; }

    public required double MacroAccuracy { get; init; }

    public required double LogLoss { get; init; }

    public required double SingleEvaluationMicroAccuracy { get; init; }

    public required double NoiseZMicroAccuracy { get; init; }

    public required double EmbeddingNorm { get; init; }

    public required double ReloadedMaxScoreDifference { get; init; }

    public required double PredictionP50Milliseconds { get; init; }

    public required string ModelPath { get; init; }

    public static QuickstartFigures Of(
        TrainedClassifier classifier,
        ClassifierEvaluation evaluation,
        ReloadCheck reload,
        (int Train, int Test) rows,
        int epochs,
        string modelPath)
    {
        var (metrics, diagnostics) = (evaluation.Metrics, evaluation.Diagnostics);
        return new()
        {
            TrainRows = rows.Train,
            TestRows = rows.Test,
            Epochs = epochs,
            FitSeconds = classifier.FitTime.TotalSeconds,
            MicroAccuracy = metrics.MicroAccuracy,
            MacroAccuracy = metrics.MacroAccuracy,
            LogLoss = metrics.LogLoss,
            SingleEvaluationMicroAccuracy = diagnostics.SingleEvaluationMicroAccuracy,
            NoiseZMicroAccuracy = diagnostics.NoiseZMicroAccuracy,
            EmbeddingNorm = diagnostics.EmbeddingNorm,
            ReloadedMaxScoreDifference = reload.MaxScoreDifference,
            PredictionP50Milliseconds = reload.MedianLatency.TotalMilliseconds,
            ModelPath = modelPath,
        };
    }
}
