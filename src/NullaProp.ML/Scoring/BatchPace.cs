namespace NullaProp.ML.Scoring;

/// <summary>
/// How many rows to read before they are scored. The first row is scored by itself, so that its score comes at once; then a batch is four
/// times the one before, so that there soon are full ones. Where rows come slowly, those that came are scored, and set the size of the next
/// batch.
/// </summary>
/// <param name="mostRows">The most rows in a batch, at least 1.</param>
/// <param name="clock">Tells the time.</param>
internal sealed class BatchPace(int mostRows, TimeProvider clock)
{
    /// <summary>The bytes of values of passed-through columns at which a batch is full: as many as its pixels may take.</summary>
    public const long MostBytes = 16 * 1024 * 1024;

    private const int Growth = 4;

    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(10); // for one row
    private static readonly TimeSpan LongestBatch = TimeSpan.FromMilliseconds(50); // hardly to be seen between two scores

    private long _start;
    private int _limit = 1;

    /// <summary>Gets how long to wait for another row of the batch; not at all where it has taken long already.</summary>
    public TimeSpan Patience
    {
        get
        {
            var left = LongestBatch - clock.GetElapsedTime(_start);
            return left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestWait ? left : LongestWait;
        }
    }

    /// <summary>Starts a batch, once its first row is there.</summary>
    public void Start() => _start = clock.GetTimestamp();

    /// <summary>Returns whether a batch is to be scored before another row is asked for.</summary>
    /// <param name="rows">The rows read.</param>
    /// <param name="bytes">The bytes of their values.</param>
    public bool IsFull(int rows, long bytes) => rows >= _limit || bytes >= MostBytes;

    /// <summary>Ends a batch.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="hasWaited">Whether it ended because the next row did not come.</param>
    public void End(int rows, bool hasWaited) =>
        _limit = hasWaited ? rows : rows < _limit ? _limit : Math.Min(mostRows, Growth * _limit);
}
