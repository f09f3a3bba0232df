using Microsoft.ML;
using Microsoft.ML.Data;

namespace NullaProp.ML.Samples.Training;

/// <summary>What a training gives.</summary>
internal sealed record TrainedClassifier : IDisposable
{
    /// <summary>Gets the model: from the column ImagePath to the columns Score and PredictedLabel, the name of the class.</summary>
    public required TransformerChain<ITransformer> Chain { get; init; }

    /// <summary>Gets the schema of the rows that the model takes.</summary>
    public required DataViewSchema InputSchema { get; init; }

    /// <summary>Gets the classifier within the chain.</summary>
    public required NoPropTransformer Trained { get; init; }

    /// <summary>Gets the epoch that the model is of; <see langword="null"/> where it is not known, or of none that was finished.</summary>
    public required int? KeptEpoch { get; init; }

    /// <summary>Gets a value indicating whether the training was cancelled, and the model is what it had learned.</summary>
    public required bool IsCancelled { get; init; }

    /// <summary>Gets the time that Fit took, reading and decoding the training images included.</summary>
    public required TimeSpan FitTime { get; init; }

    /// <summary>Gets the rows to evaluate on, with what the classifier reads of their images; many or large ones are read again.</summary>
    public required IDataView EvaluationRows { get; init; }

    public void Dispose() => Chain.Dispose();
}

/// <summary>How good a classifier is.</summary>
internal sealed record ClassifierEvaluation
{
    /// <summary>Gets the evaluation rows with their scores, in memory.</summary>
    public required IDataView Scored { get; init; }

    /// <summary>Gets how well the evaluation images are classified.</summary>
    public required MulticlassClassificationMetrics Metrics { get; init; }

    /// <summary>Gets what the diffusion itself contributes.</summary>
    public required NoPropDiagnostics Diagnostics { get; init; }
}
