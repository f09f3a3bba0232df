namespace NullaProp.ML.Training;

/// <summary>Who hears of a training and may stop it.</summary>
/// <param name="Report">Called after every epoch.</param>
/// <param name="CheckAlive">Called before every step; throws <see cref="OperationCanceledException"/> to stop.</param>
internal sealed record TrainingMonitor(Action<EpochMetrics> Report, Action CheckAlive);
