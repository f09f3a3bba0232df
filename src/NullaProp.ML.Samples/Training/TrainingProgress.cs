using Spectre.Console;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// Shows the training and keeps its epochs for the charts: a bar on a terminal, a line for each epoch in a file or a log.
/// </summary>
/// <remarks>Not a <see cref="Progress{T}"/>: that one reports on other threads, some reports possibly after the end.</remarks>
internal sealed class TrainingProgress(string evaluationName, bool showsLines) : IProgress<NoPropProgress>
{
    private readonly List<EpochMetrics> _history = [];
    private ProgressTask? _bar;

    /// <summary>Gets what the evaluation images are called: test or validation.</summary>
    public string EvaluationName => evaluationName;

    /// <summary>Gets the epochs so far.</summary>
    public IReadOnlyList<EpochMetrics> History => _history;

    /// <summary>
    /// Returns the epoch with the lowest log-loss on the evaluation images; <see langword="null"/> before the first, and where an earlier
    /// process trained some that are not known here.
    /// </summary>
    /// <param name="first">The first that counts, from 1.</param>
    public int? BestEpoch(int first = 1) => _history is [{ Epoch: 1 }, ..]
        ? _history.Where(epoch => epoch.Epoch >= first)
            .MinBy(epoch => epoch.ValidationLogLoss is { } loss && double.IsFinite(loss) ? loss : double.PositiveInfinity)?.Epoch
        : null;

    /// <summary>Runs the training with the display on.</summary>
    public T Show<T>(int epochs, Func<T> train)
    {
        if (showsLines || !AnsiConsole.Profile.Out.IsTerminal || !AnsiConsole.Profile.Capabilities.Interactive)
            return train();

        return AnsiConsole.Progress()
            .Columns(new SpinnerColumn(), new ProgressBarColumn { Width = 16 }, new TaskDescriptionColumn { Alignment = Justify.Left })
            .Start(context =>
            {
                _bar = context.AddTask("reading images", maxValue: epochs);
                return train();
            });
    }

    public void Report(NoPropProgress value)
    {
        if (value.Metrics is { } epoch)
        {
            _history.Add(epoch);
            if (_bar is null)
                AnsiConsole.WriteLine($"epoch {Describe(epoch)}");
        }

        if (_bar is null)
            return;
        var left = value.TimeLeft is { } time ? $", {(int)time.TotalMinutes}:{time:ss} left" : "";
        _bar.Description = value.Metrics is not null ? Describe(value.Metrics)
            : value.Epoch == 0 ? $"reading image {value.Step:N0}{(value.Steps is { } rows ? $" of {rows:N0}" : "")}{left}"
            : $"{value.Epoch}/{value.Epochs} step {value.Step:N0} of {value.Steps:N0}{left}";
        _bar.MaxValue = value.Epochs; // of all trainings of this one
        _bar.Value = value.Epoch == 0 ? 0 : value.Epoch - 1 + ((double)value.Step / value.Steps!.Value);
    }

    private string Describe(EpochMetrics epoch)
    {
        // Short enough to stand beside the bar on a terminal of 80 columns.
        var text = $"{epoch.Epoch}/{epoch.Epochs} loss {epoch.TrainingLoss:0.0000} accuracy {epoch.TrainingAccuracy:P1}";
        return epoch.ValidationAccuracy is { } accuracy ? $"{text}, {evaluationName} {accuracy:P1}" : text;
    }
}
