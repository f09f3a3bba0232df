using NullaProp.ML.Interop;
using NullaProp.ML.Reading;

namespace NullaProp.ML.Scoring;

/// <summary>Images in memory that are scored at once, and their scores.</summary>
/// <param name="scorer">The scorer.</param>
/// <param name="mostRows">The most images, at least 1.</param>
/// <param name="disagreements">Whether to keep the draws' disagreement, too.</param>
internal sealed class ScoringBatch(IBatchScorer scorer, int mostRows, bool disagreements)
{
    private const int MostRows = 256; // enough to keep all cores busy
    private const int MostValues = 4 * 1024 * 1024; // 16 MB of pixels; what the network makes of them is some twenty times as much

    private const int ValuesOfClass = 8; // z, the estimate and what solvers keep of earlier stages

    private readonly float[] _pixels = new float[mostRows * scorer.Shape.Size];
    private readonly float[] _scores = new float[mostRows * scorer.ClassCount];
    private readonly float[] _disagreements = new float[disagreements ? mostRows : 0]; // empty where nobody asks

    /// <summary>Gets the most images.</summary>
    public int Capacity => mostRows;

    /// <summary>Gets the pixels that the network knows.</summary>
    public PixelRange Known => scorer.Range;

    /// <summary>Gets the scores of a row.</summary>
    /// <param name="row">A row of the last call of <see cref="Score"/>.</param>
    public RowScores this[int row] =>
        new(_scores.AsMemory(row * scorer.ClassCount, scorer.ClassCount), _disagreements.ElementAtOrDefault(row));

    /// <summary>Returns the number of images in a batch: fewer where they are large, so that memory stays bounded.</summary>
    /// <param name="shape">The size of the images.</param>
    /// <param name="classes">The number of classes, where there may be very many.</param>
    public static int Rows(ImageShape shape, int classes = 1) =>
        Math.Clamp(MostValues / Math.Max(shape.Size, ValuesOfClass * classes), 1, MostRows);

    /// <summary>Returns where a row's image is to be written, C·H·W values.</summary>
    /// <param name="row">The row.</param>
    public Span<float> Pixels(int row) => _pixels.AsSpan(row * scorer.Shape.Size, scorer.Shape.Size);

    /// <summary>Scores the first rows.</summary>
    /// <param name="rows">How many.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    public void Score(int rows) => scorer.Score(
        _pixels.AsSpan(0, rows * scorer.Shape.Size),
        rows,
        _scores.AsSpan(0, rows * scorer.ClassCount),
        _disagreements.AsSpan(0, Math.Min(rows, _disagreements.Length)));

    /// <summary>
    /// Refuses scores that are no numbers: finite pixels far outside the training data can overflow inside the network, and in a model with
    /// huge weights any pixels do.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="position">The row's number in the data; <see langword="null"/> where it is asked for by itself.</param>
    /// <exception cref="InvalidOperationException">A score is NaN or infinite.</exception>
    public void CheckFinite(int row, long? position)
    {
        var name = position is null ? "The row" : $"Row {position}";
        foreach (var score in _scores.AsSpan(row * scorer.ClassCount, scorer.ClassCount))
        {
            if (!float.IsFinite(score))
            {
                throw UserFault.Of(new InvalidOperationException($"{name} cannot be scored{Cause()}"));
            }
        }
    }

    private string Cause() =>
        scorer.Overflow is { } overflow ? $", and neither can others: {overflow}"
        : !scorer.ScoresUsualImages
        ? ", and neither can others: the model's weights make the network's numbers overflow even for an image like those of the training "
            + $"data. Train it again with a lower {nameof(NoPropOptions.LearningRate)}."
        : $": its {(scorer.Shape.IsTable ? "values" : "pixel values")} make the network's numbers overflow. Scale them as in the training "
            + "data.";
}

/// <summary>
/// Turns images into class probabilities. A pure function of each image: neither its neighbours in a batch nor the thread change its score.
/// </summary>
internal interface IBatchScorer
{
    /// <summary>Gets the size of the images.</summary>
    ImageShape Shape { get; }

    /// <summary>Gets the pixels that the network knows.</summary>
    PixelRange Range { get; }

    /// <summary>Gets the number of classes K.</summary>
    int ClassCount { get; }

    /// <summary>Gets in a sentence that no image can be scored so, or <see langword="null"/> where its steps are short enough.</summary>
    string? Overflow { get; }

    /// <summary>
    /// Gets a value indicating whether an image as the training data has them gets scores that are numbers. If not, the model is at fault
    /// and not the row.
    /// </summary>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    bool ScoresUsualImages { get; }

    /// <summary>Scores images.</summary>
    /// <param name="pixels">The images one after the other, rows × C·H·W.</param>
    /// <param name="rows">The number of images.</param>
    /// <param name="scores">Where to write the probabilities, rows × K.</param>
    /// <param name="disagreements">
    /// Where to write the share of draws that give another class than the predicted one, 0 to 1, one a row; empty where nobody asks for it.
    /// </param>
    /// <exception cref="ObjectDisposedException">The model was disposed of.</exception>
    void Score(ReadOnlySpan<float> pixels, int rows, Span<float> scores, Span<float> disagreements);
}

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
