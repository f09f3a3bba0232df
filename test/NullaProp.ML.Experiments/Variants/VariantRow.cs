namespace NullaProp.ML.Experiments.Variants;

/// <summary>
/// One method, trained and tested in a process of its own. A figure that has no meaning for the method is <see langword="null"/>.
/// </summary>
internal sealed record VariantRow : IStudyRow
{
    public required string Name { get; init; }

    public required double MicroAccuracy { get; init; }

    public required double LogLoss { get; init; }

    public required double ExpectedCalibrationError { get; init; }

    /// <summary>Gets the time of the training; machines differ and may be shared, so compare within a file only.</summary>
    public required double FitSeconds { get; init; }

    /// <summary>
    /// Gets the most physical memory that the process had, data, libraries, training and scoring together, in units of 1,000,000 bytes.
    /// </summary>
    public required double PeakMegabytes { get; init; }

    public required double? EmbeddingNorm { get; init; }

    /// <summary>Gets the accuracy with fresh noise for z at every evaluation.</summary>
    public required double? NoiseZMicroAccuracy { get; init; }

    /// <summary>Gets the accuracy of the first evaluation alone.</summary>
    public required double? SingleEvaluationMicroAccuracy { get; init; }

    public required int TrainRows { get; init; }

    public required int TestRows { get; init; }

    public required int Epochs { get; init; }

    public required int Seed { get; init; }

    public required int Threads { get; init; }

    public required TestPart TestPart { get; init; }

    object IResultRow.Measured => (Name, TrainRows, Epochs, Seed, Threads, TestPart);
}
