using System.Globalization;
using Microsoft.ML;
using NullaProp.ML.Interop;

namespace NullaProp.ML;

/// <summary>
/// Trains the blocks of <see cref="DiscreteTime"/> apart: each in a process of its own, on any machine that sees one shared folder, and
/// merges them into the model that one process would have trained, bit for bit on the same kind of CPU with the same number of threads.
/// </summary>
/// <remarks>
/// With one-hot embeddings the blocks share nothing, so workers need no network between them and no order. Which worker trains which block
/// is for the caller or a cluster's own scheduler to say. All of them must be given the same options and data, and an
/// <see cref="NoPropOptions.Seed"/> where the context has none.
/// </remarks>
/// <threadsafety>Any number of workers may train different blocks at once, in one process or in many.</threadsafety>
public sealed class NoPropBlocks
{
    private readonly NoPropTrainer _trainer;
    private readonly Checkpoints _checkpoints;

    /// <summary>Describes a training of blocks.</summary>
    /// <param name="trainer">What to train; its options' variant is <see cref="DiscreteTime"/>.</param>
    /// <param name="checkpoints">The shared folder, in which every block has a folder of its own, and how often to write to it.</param>
    /// <exception cref="ArgumentException">The options tie the blocks to each other; the message says which and how.</exception>
    public NoPropBlocks(NoPropTrainer trainer, Checkpoints checkpoints)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(checkpoints);
        (_trainer, _checkpoints) = (trainer, checkpoints);
        if (TrainingChecks.BlockFaults(trainer.Options).FirstOrDefault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(trainer));
        }

        Count = trainer.Options.Variant.BlockNames.Count;
    }

    /// <summary>Gets the number of blocks.</summary>
    public int Count { get; }

    /// <summary>Returns whether a block is trained to its end.</summary>
    /// <param name="block">The block, from 0.</param>
    /// <returns>
    /// Whether it is; <see langword="false"/> also where it was trained with other options, or its folder holds another block.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    /// <exception cref="IOException">Its newest checkpoint cannot be read at this moment.</exception>
    public bool IsTrained(int block)
    {
        Check(block);
        return TrainedBlock.Find(Folder(block)) is { } found && found.Faults(_trainer.Options, _trainer.Seed, block).Count == 0;
    }

    /// <summary>Returns how many epochs of a block its newest whole checkpoint has, whatever process trains it.</summary>
    /// <param name="block">The block, from 0.</param>
    /// <returns>The number, 0 where there is no checkpoint of it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    /// <exception cref="IOException">The newest checkpoint cannot be read at this moment.</exception>
    public int TrainedEpochs(int block)
    {
        Check(block);
        return TrainedBlock.Newest(Folder(block)) is { } found && found.Fingerprint.Block == block ? found.Epochs : 0;
    }

    /// <summary>
    /// Trains one block: from its beginning, or from its newest checkpoint. Does next to nothing for one that is trained already.
    /// </summary>
    /// <param name="data">Labelled images, the same for all blocks; read as by <see cref="NoPropTrainer.Fit(IDataView)"/>.</param>
    /// <param name="block">The block, from 0.</param>
    /// <param name="run">
    /// Who takes part, in place of the trainer's: log, progress, cancellation. Neither validation data, for a block scores nothing by
    /// itself, nor a previous model, nor checkpoints, which this object has, nor what a cancelled training gives.
    /// </param>
    /// <exception cref="ArgumentException">The run has a member that a block has no use for.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block, or a column is missing or does not fit.</exception>
    /// <exception cref="InvalidOperationException">
    /// As <see cref="NoPropTrainer.Fit(IDataView)"/>, or another block in the folder is of other data or options; the message says which.
    /// </exception>
    /// <exception cref="IOException">
    /// Another worker trains this block now, and does not end within <see cref="Checkpoints.LockTimeout"/>, or a checkpoint cannot be
    /// written.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled; its state is saved.</exception>
    public void Train(IDataView data, int block, NoPropRun? run = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        Check(block);
        run ??= _trainer.Run;
        var unused = new[]
        {
            (nameof(run.Validation), run.Validation is not null),
            (nameof(run.Previous), run.Previous is not null),
            (nameof(run.Checkpoints), run.Checkpoints is not null),
            (nameof(run.WhenCancelled), run.WhenCancelled != WhenCancelled.Throw),
            (nameof(run.EndedEarly), run.EndedEarly is not null),
        };
        if (Array.Find(unused, member => member.Item2).Item1 is { } name)
        {
            throw new ArgumentException(
                $"{nameof(NoPropRun)}.{name} is set, but a block that is trained apart has no use for it. Leave it out.",
                nameof(run));
        }

        var others = Enumerable.Range(0, Count).Where(other => other != block).Select(Folder);
        _trainer.FitBlock(data, run with { Checkpoints = _checkpoints.In(Folder(block)) with { OtherBlocks = [.. others] } }, block);
    }

    /// <summary>Merges all blocks into one model. Needs no data, and leaves the folder as it is.</summary>
    /// <returns>The model, which the caller disposes of.</returns>
    /// <exception cref="InvalidOperationException">
    /// Blocks are not trained to their end, or not with these options and the same data, or lie in each other's folders.
    /// </exception>
    /// <exception cref="FormatException">The newest checkpoint of a block is damaged.</exception>
    /// <exception cref="IOException">A checkpoint cannot be read.</exception>
    public NoPropTransformer Merge()
    {
        var found = Enumerable.Range(0, Count).Select(block => TrainedBlock.Find(Folder(block))).ToList();
        int[] missing = [.. Enumerable.Range(0, Count).Where(block => found[block] is null)];
        if (missing.Length > 0)
        {
            throw UserFault.Of(new InvalidOperationException(
                $"{missing.Length} of {Count} blocks in '{_checkpoints.Folder}' are not trained to their end: "
                    + $"{string.Join(", ", missing)}, counted from 0. "
                + $"Train them with {nameof(NoPropBlocks)}.{nameof(Train)}."));
        }

        List<TrainedBlock> trained = [.. found.OfType<TrainedBlock>()];
        foreach (var (index, block) in trained.Index())
        {
            if (block.Faults(_trainer.Options, _trainer.Seed, index).Concat(block.Faults(trained[0])).ToList() is { Count: > 0 } faults)
            {
                throw UserFault.Of(new InvalidOperationException(
                    $"The blocks in '{_checkpoints.Folder}' cannot be merged: for {block.Folder} {string.Join(", ", faults)}, compared "
                    + $"with {(index == 0 ? "these options" : trained[0].Folder)}. Merge with the options that all blocks were trained "
                    + "with, or train the block that is wrong again in an empty folder."));
            }
        }

        return _trainer.Merge(trained);
    }

    private string Folder(int block) => Path.Combine(_checkpoints.Folder, string.Create(CultureInfo.InvariantCulture, $"block-{block:D4}"));

    private void Check(int block)
    {
        if (block < 0 || block >= Count)
        {
            throw new ArgumentOutOfRangeException(nameof(block), $"The block is {block}, but must be from 0 to {Count - 1}.");
        }
    }
}
