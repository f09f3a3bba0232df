namespace NullaProp.ML.Samples.Reporting;

/// <summary>The figures of a training on a folder, as <c>train --json</c> writes them.</summary>
/// <param name="MicroAccuracy">The share of the evaluation images that are classified correctly, 0 to 1.</param>
/// <param name="LogLoss">Their mean log-loss, in nats.</param>
/// <param name="FitSeconds">The time of the training, reading the images included.</param>
/// <param name="TrainRows">The number of images trained on.</param>
/// <param name="TestRows">The number of evaluation images: those of <c>--test</c>, or those held back.</param>
/// <param name="Unreadable">The number of files left out.</param>
internal sealed record TrainFigures(
    double MicroAccuracy, double LogLoss, double FitSeconds, int TrainRows, int TestRows, int Unreadable);
