namespace NullaProp.ML.Training;

/// <summary>Who hears of a training, may stop it, and keeps its states.</summary>
/// <param name="Report">Called after every epoch.</param>
/// <param name="CheckAlive">Called before every step; throws <see cref="OperationCanceledException"/> to stop.</param>
internal sealed record TrainingMonitor(Action<EpochMetrics> Report, Action CheckAlive)
{
    /// <summary>Gets what keeps states of the training; <see langword="null"/> where none are kept.</summary>
    public ITrainingStates? States { get; init; }

    /// <summary>Gets what is called in place of an exception where a training is cancelled after its first step, with its place.</summary>
    public Action<TrainingPlace>? EndedEarly { get; init; }
}
