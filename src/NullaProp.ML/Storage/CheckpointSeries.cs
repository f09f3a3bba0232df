using System.Globalization;
using NullaProp.ML.Training;

namespace NullaProp.ML.Storage;

/// <summary>The checkpoints of one training.</summary>
/// <param name="folder">Where they are kept.</param>
/// <param name="options">How often, how many, and whether to go on from those that are there.</param>
/// <param name="fingerprint">What the training depends on.</param>
/// <param name="clock">What they, and the training between them, are timed by.</param>
/// <param name="inform">Hears from which one training goes on.</param>
/// <param name="warn">Hears of damaged ones, and of other hardware.</param>
internal sealed class CheckpointSeries(
    CheckpointFolder folder,
    Checkpoints options,
    TrainingFingerprint fingerprint,
    TimeProvider clock,
    Action<string> inform,
    Action<string> warn) : ITrainingStates
{
    private readonly List<string> _own = []; // names, the newest last
    private readonly long _start = clock.GetTimestamp();
    private TimeSpan _last; // when the last one was written
    private TimeSpan _asked; // when the next one was thought of: the state is copied from then on
    private TimeSpan _cost; // of the last one
    private TimeSpan _spent; // on all of them

    /// <summary>Gets what is called when the first one is whole of a training that goes on from none of those that are there.</summary>
    public Action? Replaced { get; init; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// The newest whole one is of another training; the message says what differs. Or all of them are damaged.
    /// </exception>
    /// <exception cref="IOException">One cannot be read at this moment.</exception>
    public TrainingState? Newest()
    {
        if (options.Resume == CheckpointResume.Never)
        {
            return null;
        }

        RequireOneModel();
        var names = CheckpointFolder.Names(options.Folder);
        foreach (var (index, name) in names.Index())
        {
            if (TryRead(name) is { } state)
            {
                _own.AddRange(names.Skip(index).Reverse());
                inform($"Training goes on from the checkpoint '{folder.PathOf(name)}'.");
                return state;
            }
        }

        return names is []
            ? null
            : throw new InvalidOperationException(
                $"All checkpoints in '{options.Folder}' are damaged, so that there is nothing to go on from. Restore one, or set "
                    + $"{nameof(Checkpoints)}.{nameof(Checkpoints.Resume)} to {CheckpointResume.Never} to start anew and replace them.");
    }

    /// <summary>
    /// Makes sure, before another training that takes long, that those which are there are of this one; where nothing is to be gone on
    /// from, they may be of any.
    /// </summary>
    /// <exception cref="InvalidOperationException">The newest is of another training; the message says what differs.</exception>
    public void Check()
    {
        if (options.Resume == CheckpointResume.Never)
        {
            return;
        }

        foreach (var name in CheckpointFolder.Names(options.Folder))
        {
            if (TryReadDescription(folder.PathOf(name)) is { } before)
            {
                RequireSame(before);
                return;
            }
        }
    }

    /// <summary>Deletes those of earlier trainings.</summary>
    public void Forget()
    {
        foreach (var old in CheckpointFolder.Names(options.Folder).Except(_own.TakeLast(options.Keep)))
        {
            TryRemove(old);
        }
    }

    /// <inheritdoc/>
    public bool IsDue(TrainingPlace place)
    {
        _asked = clock.GetElapsedTime(_start);
        var isCheap = options.CostLimit is not { } limit || _spent + (2 * _cost) <= limit * _asked; // this one, and the one at the end
        return (place is { Pass: 0, Step: 0 } && place.Epoch % options.EveryEpochs == 0 && isCheap)
            || (_asked - _last).TotalMinutes >= options.EveryMinutes;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">It cannot be written; the last whole one stays.</exception>
    public void Save(TrainingState state)
    {
        var name = CheckpointFolder.NameOf(state.Place);
        if (_own.Count > 0 && _own[^1] == name)
        {
            return; // a training that is stopped where it was just saved
        }

        if (state.Place == default && CheckpointFolder.Names(options.Folder) is not [])
        {
            return; // nothing is trained yet, which is no reason to delete what an earlier training left
        }

        folder.Add(name, path => CheckpointFile.Write(path, fingerprint, state));
        _own.Add(name);
        _last = clock.GetElapsedTime(_start);
        Count(_last - _asked);
        Forget();
        if (_own.Count == 1 && options.Resume == CheckpointResume.Never)
        {
            Replaced?.Invoke();
        }
    }

    private void Count(TimeSpan cost)
    {
        if (_cost == TimeSpan.Zero)
        {
            inform(
                $"Checkpoints are kept in '{options.Folder}'{(options.CostLimit is { } limit
                    ? string.Create(CultureInfo.InvariantCulture, $", as many as take no more than {limit:0.####%} of the training's time")
                    : string.Empty)}.");
        }

        _cost = cost;
        _spent += cost;
    }

    // What is saved is saved: a file that somebody reads, or a file server's own, must not end the training.
    private void TryRemove(string name)
    {
        try
        {
            folder.Remove(name);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            warn($"The old checkpoint '{folder.PathOf(name)}' cannot be deleted yet: {fault.Message}");
        }
    }

    // Found only when the blocks are merged, it would cost the training of all of them.
    private void RequireOneModel()
    {
        foreach (var other in options.OtherBlocks)
        {
            if (CheckpointFolder.Names(other) is [var newest, ..]
                && TryReadDescription(Path.Combine(other, newest)) is { } found
                && fingerprint.Differences(found with { Block = fingerprint.Block }) is { Count: > 0 } differences)
            {
                throw new InvalidOperationException(
                    $"This block does not fit the one in '{other}': {string.Join(", ", differences)}. Train all blocks of a model with the "
                        + "same options on the same data, each model in a folder of its own.");
            }
        }
    }

    // Another worker may be writing or removing it.
    private static TrainingFingerprint? TryReadDescription(string path)
    {
        try
        {
            return CheckpointFile.ReadDescription(path).Fingerprint;
        }
        catch (Exception fault) when (fault is FormatException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void RequireSame(TrainingFingerprint before)
    {
        if (fingerprint.Differences(before) is { Count: > 0 } differences)
        {
            var isOfParts = before.Data != fingerprint.Data;
            throw new InvalidOperationException(
                $"The checkpoints in '{options.Folder}' are of another training: {string.Join(", ", differences)}. Give this one a "
                + $"folder of its own, or set {nameof(Checkpoints)}.{nameof(Checkpoints.Resume)} to {CheckpointResume.Never} to start "
                + "anew and replace them. To train a finished model longer, give it as "
                + $"{nameof(NoPropRun)}.{nameof(NoPropRun.Previous)}."
                + (isOfParts ? " CrossValidate trains a model for each part of the data: give it a trainer without them." : ""));
        }
    }

    private TrainingState? TryRead(string name)
    {
        var path = folder.PathOf(name);
        try
        {
            var (before, _) = CheckpointFile.ReadDescription(path);
            RequireSame(before);
            if (before.Hardware != fingerprint.Hardware)
            {
                warn(
                    $"The checkpoint was written on {before.Hardware}, and training goes on on {fingerprint.Hardware}: the model may "
                        + "differ in last bits, and by more where the precision is another one.");
            }

            return CheckpointFile.ReadState(path);
        }
        catch (FormatException fault)
        {
            warn($"{fault.Message} It is passed over.");
            return null;
        }
    }
}
