using System.Globalization;

namespace NullaProp.ML;

/// <summary>
/// Where a training keeps its state, so that it survives the end of its process: the same training goes on from the newest whole
/// checkpoint, to the same model, bit for bit on the same kind of CPU with the same number of threads (docs/cluster.md).
/// <c>new Checkpoints("folder")</c> names the folder.
/// </summary>
public sealed record Checkpoints
{
    /// <summary>States where checkpoints are kept.</summary>
    /// <param name="folder">The folder, of this training alone; made where there is none.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public Checkpoints(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        Folder = folder;
    }

    /// <summary>
    /// Gets the folder: it holds a folder for each checkpoint, which is there whole or not at all, a lock, and with a pretrained network a
    /// file of what it saw in the photos and, where it is trained further, a folder of that training.
    /// </summary>
    public string Folder { get; private init; }

    /// <summary>Gets after how many epochs a checkpoint is written; one is always written at the end.</summary>
    /// <value>Default 1, within <see cref="CostLimit"/>; 1 to 100,000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int EveryEpochs
    {
        get;
        init => field = value is >= 1 and <= 100_000 ? value : throw OutOfRange(nameof(EveryEpochs), $"{value}", "from 1 to 100000");
    }
    = 1;

    /// <summary>
    /// Gets the most of the training time that checkpoints at the end of epochs may take, as a share: those that would make it more are
    /// left out. The first one, the last one and those of <see cref="EveryMinutes"/> or of a cancelled training are written all the same.
    /// </summary>
    /// <value>Default 0.01; above 0, at most 1; <see langword="null"/>: none is left out, however short the epochs are.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double? CostLimit
    {
        get;
        init => field = value is null or (> 0 and <= 1)
            ? value
            : throw OutOfRange(nameof(CostLimit), Text(value), "above 0 and at most 1, or null");
    }
    = 0.01;

    /// <summary>Gets after how many minutes one is written besides, at the end of a step, in the middle of an epoch too.</summary>
    /// <value>Default <see langword="null"/>: at the end of epochs alone; else above 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double? EveryMinutes
    {
        get;
        init => field = value is null or > 0 ? value : throw OutOfRange(nameof(EveryMinutes), Text(value), "above 0, or null");
    }

    /// <summary>Gets how many are kept; older ones are deleted when a new one is whole.</summary>
    /// <value>Default 2; 1 to 1,000.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public int Keep
    {
        get;
        init => field = value is >= 1 and <= 1_000 ? value : throw OutOfRange(nameof(Keep), $"{value}", "from 1 to 1000");
    }
    = 2;

    /// <summary>Gets what becomes of checkpoints that are there when training begins.</summary>
    /// <value>Default <see cref="CheckpointResume.IfPresent"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is none of those there are.</exception>
    public CheckpointResume Resume
    {
        get;
        init => field = Enum.IsDefined(value)
            ? value
            : throw OutOfRange(nameof(Resume), $"{value}", string.Join(" or ", Enum.GetNames<CheckpointResume>()));
    }
    = CheckpointResume.IfPresent;

    /// <summary>
    /// Gets how long a training waits where another process has the folder: a worker that a scheduler took for dead may still be at work,
    /// and a file server holds the lock of a machine that is gone until the lease of that machine ends.
    /// </summary>
    /// <value>
    /// Default 0: it fails at once. <see cref="Timeout.InfiniteTimeSpan"/>: until the other one ends, or this one is cancelled.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public TimeSpan LockTimeout
    {
        get;
        init => field = value >= TimeSpan.Zero || value == Timeout.InfiniteTimeSpan
            ? value
            : throw OutOfRange(nameof(LockTimeout), $"{value}", "0 or more, or Timeout.InfiniteTimeSpan");
    }

    /// <summary>Gets the folders of the other blocks of the same model, where this is one that is trained apart.</summary>
    internal IReadOnlyList<string> OtherBlocks { get; init; } = [];

    /// <summary>Returns the same in another folder.</summary>
    /// <param name="folder">The folder.</param>
    internal Checkpoints In(string folder) => this with { Folder = folder };

    private static string Text(double? value) => string.Create(CultureInfo.InvariantCulture, $"{value}");

    private static ArgumentOutOfRangeException OutOfRange(string name, string found, string needed) =>
        new(name, $"{nameof(Checkpoints)}.{name} is {found}, but must be {needed}.");
}

/// <summary>What becomes of checkpoints that are there when training begins.</summary>
public enum CheckpointResume
{
    /// <summary>Training goes on from the newest whole one. One of another training is an error, which says what differs.</summary>
    IfPresent,

    /// <summary>
    /// Training starts anew, and deletes them when its own first one is whole. What a pretrained network saw in the photos stays.
    /// </summary>
    Never,
}
