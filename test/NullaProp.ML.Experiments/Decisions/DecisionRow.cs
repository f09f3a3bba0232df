namespace NullaProp.ML.Experiments.Decisions;

/// <summary>One trained model scored in one way.</summary>
internal sealed record DecisionRow : IResultRow
{
    /// <summary>Gets the name of the way to train.</summary>
    public required string Training { get; init; }

    /// <summary>Gets the name of the way to score.</summary>
    public required string Scoring { get; init; }

    /// <summary>Gets the random seed.</summary>
    public required int Seed { get; init; }

    public required int TrainRows { get; init; }

    public required int TestRows { get; init; }

    public required int Epochs { get; init; }

    /// <summary>Gets the time of the training; machines differ and may be shared, so compare within a file only.</summary>
    public required double FitSeconds { get; init; }

    public required double MicroAccuracy { get; init; }

    public required double LogLoss { get; init; }

    public required double ExpectedCalibrationError { get; init; }

    /// <summary>Gets the accuracy of the model, scored as trained, with z replaced by noise.</summary>
    public required double NoiseZMicroAccuracy { get; init; }

    public required double EmbeddingNorm { get; init; }

    object IResultRow.Measured => (Training, Scoring, Seed, Epochs);
}
