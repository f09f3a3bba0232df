namespace NullaProp.ML.Training;

/// <summary>Tells how far a training is: at the end of every epoch, and between these at most once a second.</summary>
/// <param name="listener">Who hears of it; <see langword="null"/> for nobody.</param>
/// <param name="clock">What measures the time.</param>
/// <param name="epochs">The number of epochs of all trainings of a <c>Fit</c>.</param>
internal sealed class ProgressPace(IProgress<NoPropProgress>? listener, TimeProvider clock, int epochs)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly long _start = clock.GetTimestamp();
    private long _last = clock.GetTimestamp();
    private long _begun; // when the reading or training under way did
    private long? _total; // the rows to read, or the steps of all epochs
    private long _before; // the steps that were taken before
    private long _rows;
    private long _steps; // of an epoch
    private bool _isReading;

    /// <summary>Takes note of data that is read from here on.</summary>
    /// <param name="rows">Its number of rows, where the data tells it.</param>
    public void BeginReading(long? rows) => (_begun, _total, _before, _rows, _isReading) = (clock.GetTimestamp(), rows, 0, 0, true);

    /// <summary>Takes note that all rows are read: what is read anew later, to compare or to train, tells nothing.</summary>
    public void EndReading() => _isReading = false;

    /// <summary>Takes note of the same data being read from its first row again.</summary>
    public void ReadAgain() => (_begun, _rows) = (clock.GetTimestamp(), 0);

    /// <summary>Takes note of a row.</summary>
    public void Row()
    {
        if (_isReading && listener is not null)
        {
            _rows++;
            TellIfDue(epoch: 0, _rows);
        }
    }

    /// <summary>Takes note of a training that begins, or goes on.</summary>
    /// <param name="steps">The steps of an epoch.</param>
    /// <param name="taken">The steps that were taken before: in another training of the same <c>Fit</c>, or in an earlier process.</param>
    public void BeginTraining(long steps, long taken) =>
        (_begun, _total, _before, _steps) = (clock.GetTimestamp(), epochs * steps, taken, steps);

    /// <summary>Takes note of a step.</summary>
    /// <param name="epoch">The epoch, from 1.</param>
    /// <param name="step">How many of its steps are taken.</param>
    public void Step(int epoch, long step)
    {
        if (listener is not null)
        {
            TellIfDue(epoch, step);
        }
    }

    /// <summary>Tells of the end of an epoch.</summary>
    /// <param name="metrics">What it gave.</param>
    public void EndEpoch(EpochMetrics metrics) => Tell(metrics.Epoch, _steps, metrics);

    private void TellIfDue(int epoch, long step)
    {
        if (clock.GetElapsedTime(_last) >= Interval)
        {
            Tell(epoch, step, metrics: null);
        }
    }

    private void Tell(int epoch, long step, EpochMetrics? metrics)
    {
        _last = clock.GetTimestamp();
        var done = epoch == 0 ? step : ((epoch - 1) * _steps) + step;
        var own = done - _before; // in the time since the beginning
        listener?.Report(new NoPropProgress
        {
            Epoch = epoch,
            Epochs = epochs,
            Step = step,
            Steps = epoch == 0 ? _total : _steps,
            Elapsed = clock.GetElapsedTime(_start, _last),
            TimeLeft = own > 0 && _total is { } total ? Left((double)(total - done) / own) : null,
            Metrics = metrics,
        });
    }

    // By the share of what is left in what is done: of a source that claims endless rows, longer than can be said.
    private TimeSpan? Left(double share)
    {
        var seconds = clock.GetElapsedTime(_begun, _last).TotalSeconds * share;
        return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
