using NullaProp.ML.Tensors;

namespace NullaProp.ML.Training;

/// <summary>
/// Where a training stands: all steps before it are taken. Together with the names of its random streams it decides every number that is
/// still to be drawn.
/// </summary>
/// <param name="Epoch">The epoch, from 0; the number of epochs where all are over.</param>
/// <param name="Pass">The pass over the data within the epoch, from 0; the number of passes where only measuring the epoch is left.</param>
/// <param name="Step">The step within the pass, from 0.</param>
internal readonly record struct TrainingPlace(int Epoch, int Pass, int Step);

/// <summary>A training between two steps, in managed memory: all that the next step depends on beside data, options and seed.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Elapsed">The time that it took so far.</param>
/// <param name="Lowest">The lowest validation log-loss of early stopping; infinite where there is none yet.</param>
/// <param name="Waited">The epochs since then.</param>
/// <param name="Moments">The steps that the optimizer took with each weight that a gradient has reached, by the weight's name.</param>
/// <param name="Tensors">
/// By name: <c>weights/…</c>, the optimizer's <c>first/…</c> and <c>second/…</c>, the best epoch's <c>best/…</c> where there is one,
/// <c>modules/…</c> of the user's own modules, and <c>history</c>, the loss terms of the epoch's steps, (n, 3).
/// </param>
internal sealed record TrainingState(
    TrainingPlace Place,
    TimeSpan Elapsed,
    double Lowest,
    int Waited,
    IReadOnlyDictionary<string, int> Moments,
    IReadOnlyDictionary<string, HostTensor> Tensors)
{
    /// <summary>What the names of the weights start with.</summary>
    public const string Weights = "weights/";

    /// <summary>What the names of the means of gradients start with.</summary>
    public const string First = "first/";

    /// <summary>What the names of the means of squared gradients start with.</summary>
    public const string Second = "second/";

    /// <summary>What the names of the best epoch's weights start with.</summary>
    public const string Best = "best/";

    /// <summary>What the names of what belongs to modules of the user's start with.</summary>
    public const string Modules = "modules/";

    /// <summary>The name of the loss terms.</summary>
    public const string History = "history";

    /// <summary>Returns the tensors whose names start with a word, by the rest of their names.</summary>
    /// <param name="prefix">The word.</param>
    public IReadOnlyDictionary<string, HostTensor> Under(string prefix) => Tensors
        .Where(tensor => tensor.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(tensor => tensor.Key[prefix.Length..], tensor => tensor.Value);
}

/// <summary>Keeps states of a training beyond the end of the process.</summary>
internal interface ITrainingStates
{
    /// <summary>Returns the state to go on from, or <see langword="null"/> to begin.</summary>
    TrainingState? Newest();

    /// <summary>Returns whether a state should be kept now.</summary>
    /// <param name="place">Where the training stands.</param>
    bool IsDue(TrainingPlace place);

    /// <summary>Keeps a state.</summary>
    /// <param name="state">The state.</param>
    void Save(TrainingState state);
}
