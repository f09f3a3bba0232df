using NullaProp.ML.Randomness;
using NullaProp.ML.TrainingImages;

namespace NullaProp.ML.Training;

/// <summary>Who hears of a training, may stop it, and keeps its states.</summary>
/// <param name="Report">Called after every epoch.</param>
/// <param name="CheckAlive">Called before every step; throws <see cref="OperationCanceledException"/> to stop.</param>
internal sealed record TrainingMonitor(Action<EpochMetrics> Report, Action CheckAlive)
{
    /// <summary>Gets what keeps states of the training; <see langword="null"/> where none are kept.</summary>
    public ITrainingStates? States { get; init; }

    /// <summary>Gets who hears how far the training is, within epochs too; <see langword="null"/> where nobody does.</summary>
    public ProgressPace? Pace { get; init; }

    /// <summary>
    /// Gets a value indicating whether the weights of the epoch with the lowest validation log-loss are kept, or those from before the
    /// training if no epoch's is lower. Needs validation data.
    /// </summary>
    public bool KeepsBestOrStart { get; init; }

    /// <summary>Gets how many epochs another training of the same <c>Fit</c> had before, and how many one may have after this.</summary>
    public (int Before, int After) Epochs { get; init; }

    /// <summary>Gets what a training that is cancelled after its first step gives.</summary>
    public WhenCancelled WhenCancelled { get; init; }

    /// <summary>Gets who hears which epoch's model is given, where that is the best one's.</summary>
    public Action<string>? Inform { get; init; }

    /// <summary>Gets who hears of a state that could not be kept, where a cancelled training may give a model all the same.</summary>
    public Action<string>? Warn { get; init; }

    /// <summary>
    /// Gets what is called where a cancelled training gives a model: with its epoch, from 1, the number of epochs of this <c>Fit</c>, and
    /// the validation log-loss of the epoch whose model it is; infinite for the last step.
    /// </summary>
    public Action<int, int, double>? EndedEarly { get; init; }
}

/// <summary>What a training learns from.</summary>
/// <param name="Training">The images to train on, at least one; in memory or as a stream.</param>
/// <param name="Validation">The images to watch, at least one; <see langword="null"/> for none. In memory or as a stream.</param>
/// <param name="Streams">The source of the random numbers of the model.</param>
internal sealed record TrainingData(ITrainingImages Training, IImages? Validation, RandomStreams Streams)
{
    /// <summary>Gets the source of the random numbers of the training: another one where it goes on from a model.</summary>
    public RandomStreams TrainingStreams { get; init; } = Streams;
}
