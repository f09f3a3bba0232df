namespace NullaProp.ML.Experiments.Variants;

/// <summary>A way to make a classifier: a row of the table of methods.</summary>
internal interface IMethod
{
    /// <summary>Trains it and measures it on the test images.</summary>
    MethodResult Run(StudyData data, CancellationToken cancellationToken);
}

/// <summary>What a method gives.</summary>
/// <param name="Calibration">Accuracy, log-loss and calibration on the test images.</param>
/// <param name="FitTime">The time of the training.</param>
internal sealed record MethodResult(Calibration Calibration, TimeSpan FitTime)
{
    /// <summary>Gets the mean norm of the class embeddings, where there are any.</summary>
    public double? EmbeddingNorm { get; init; }

    /// <summary>Gets the accuracy with fresh noise for z, where there is a z.</summary>
    public double? NoiseZMicroAccuracy { get; init; }

    /// <summary>Gets the accuracy of one evaluation of each network, where there are networks.</summary>
    public double? SingleEvaluationMicroAccuracy { get; init; }
}
