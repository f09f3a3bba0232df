using Spectre.Console;

namespace NullaProp.ML.Samples.Training;

/// <summary>
/// Shows the training and keeps its epochs for the charts: a bar on a terminal, a line for each epoch in a file or a log.
/// </summary>
/// <remarks>Not a <see cref="Progress{T}"/>: that one reports on other threads, some reports possibly after the end.</remarks>
internal sealed class TrainingProgress(string evaluationName, bool showsLines) : IProgress<EpochMetrics>
{
    private readonly List<EpochMetrics> _history = [];
    private ProgressTask? _bar;

    /// <summary>Gets what the evaluation images are called: test or validation.</summary>
    public string EvaluationName => evaluationName;

    /// <summary>Gets the epochs so far.</summary>
    public IReadOnlyList<EpochMetrics> History => _history;

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

    public void Report(EpochMetrics value)
    {
        _history.Add(value);
        if (_bar is null)
        {
            AnsiConsole.WriteLine($"epoch {Describe(value)}");
            return;
        }

        _bar.Description = Describe(value);
        _bar.Value = value.Epoch;
    }

    private string Describe(EpochMetrics epoch)
    {
        // Short enough to stand beside the bar on a terminal of 80 columns.
        var text = $"{epoch.Epoch}/{epoch.Epochs} loss {epoch.TrainingLoss:0.0000} accuracy {epoch.TrainingAccuracy:P1}";
        return epoch.ValidationAccuracy is { } accuracy ? $"{text}, {evaluationName} {accuracy:P1}" : text;
    }
}
