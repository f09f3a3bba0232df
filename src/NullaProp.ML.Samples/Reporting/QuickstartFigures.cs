using System.Text.Json;
using NullaProp.ML.Samples.Training;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>The figures of a quickstart, as <c>--json</c> writes them.</summary>
internal sealed record QuickstartFigures
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

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

    public static QuickstartFigures Of(TrainedClassifier classifier, ReloadCheck reload, int trainRows, int testRows, int epochs, string modelPath) => new()
    {
        TrainRows = trainRows,
        TestRows = testRows,
        Epochs = epochs,
        FitSeconds = classifier.FitTime.TotalSeconds,
        MicroAccuracy = classifier.Metrics.MicroAccuracy,
        MacroAccuracy = classifier.Metrics.MacroAccuracy,
        LogLoss = classifier.Metrics.LogLoss,
        SingleEvaluationMicroAccuracy = classifier.Diagnostics.SingleEvaluationMicroAccuracy,
        NoiseZMicroAccuracy = classifier.Diagnostics.NoiseZMicroAccuracy,
        EmbeddingNorm = classifier.Diagnostics.EmbeddingNorm,
        ReloadedMaxScoreDifference = reload.MaxScoreDifference,
        PredictionP50Milliseconds = reload.MedianLatency.TotalMilliseconds,
        ModelPath = modelPath,
    };

    /// <exception cref="UserMistakeException">The file cannot be written.</exception>
    public void Write(string path)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
                Directory.CreateDirectory(folder);
            File.WriteAllText(path, JsonSerializer.Serialize(this, Format) + "\n");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UserMistakeException($"The file '{path}' cannot be written: {exception.Message}", exception);
        }
    }
}
