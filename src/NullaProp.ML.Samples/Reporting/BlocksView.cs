using Spectre.Console;

namespace NullaProp.ML.Samples.Reporting;

/// <summary>
/// One view of all blocks, whoever trains them and where: what their checkpoints in the shared folder say. A bar on a terminal, a line for
/// each change in a file.
/// </summary>
/// <param name="blocks">The blocks.</param>
/// <param name="epochs">The epochs of each.</param>
internal sealed class BlocksView(NoPropBlocks blocks, int epochs)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private readonly int[] _epochs = new int[blocks.Count];

    /// <summary>Shows the blocks until the work is over.</summary>
    /// <param name="isOver">Whether nothing is at work any more; asked every second.</param>
    /// <param name="cancellationToken">Ends the view.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Follow(Func<bool> isOver, CancellationToken cancellationToken)
    {
        if (!AnsiConsole.Profile.Out.IsTerminal || !AnsiConsole.Profile.Capabilities.Interactive)
        {
            Follow(isOver, line => AnsiConsole.WriteLine(line), cancellationToken);
            return;
        }

        AnsiConsole.Progress()
            .Columns(new SpinnerColumn(), new ProgressBarColumn { Width = 16 }, new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                var bar = context.AddTask("waiting for the first epoch", maxValue: (double)blocks.Count * epochs);
                Follow(
                    isOver,
                    _ => (bar.Value, bar.Description) = (_epochs.Sum(), $"{_epochs.Count(Trained)} of {blocks.Count} blocks are trained"),
                    cancellationToken);
            });
    }

    // A file server that is away for a while ends no view of workers that go on.
    private int Epochs(int block)
    {
        try
        {
            return blocks.TrainedEpochs(block);
        }
        catch (IOException)
        {
            return _epochs[block];
        }
    }

    private void Follow(Func<bool> isOver, Action<string> show, CancellationToken cancellationToken)
    {
        for (var ends = false; !ends;)
        {
            ends = isOver(); // before the last look, so that nothing is missed
            for (var block = 0; block < blocks.Count; block++)
            {
                var now = Epochs(block);
                if (now > _epochs[block]) // less where a checkpoint was replaced while it was read
                {
                    _epochs[block] = now;
                    show(Trained(now) ? $"block {block} is trained" : $"block {block}: epoch {now} of {epochs}");
                }
            }

            if (!ends)
            {
                cancellationToken.WaitHandle.WaitOne(Between);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private bool Trained(int epoch) => epoch >= epochs;
}
