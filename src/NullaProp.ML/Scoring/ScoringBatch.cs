using NullaProp.ML.Interop;

namespace NullaProp.ML.Scoring;

/// <summary>Images in memory that are scored at once, and their scores.</summary>
/// <param name="scorer">The scorer.</param>
/// <param name="mostRows">The most images, at least 1.</param>
/// <param name="disagreements">Whether to keep the draws' disagreement, too.</param>
internal sealed class ScoringBatch(IBatchScorer scorer, int mostRows, bool disagreements)
{
    private const int MostRows = 256; // enough to keep all cores busy
    private const int MostValues = 4 * 1024 * 1024; // 16 MB of pixels; what the network makes of them is some twenty times as much

    private readonly float[] _pixels = new float[mostRows * scorer.Shape.Size];
    private readonly float[] _scores = new float[mostRows * scorer.ClassCount];
    private readonly float[] _disagreements = new float[disagreements ? mostRows : 0]; // empty where nobody asks

    /// <summary>Gets the most images.</summary>
    public int Capacity => mostRows;

    /// <summary>Gets the scores of a row.</summary>
    /// <param name="row">A row of the last call of <see cref="Score"/>.</param>
    public RowScores this[int row] =>
        new(_scores.AsMemory(row * scorer.ClassCount, scorer.ClassCount), _disagreements.ElementAtOrDefault(row));

    /// <summary>Returns the number of images in a batch: fewer where they are large, so that memory stays bounded.</summary>
    /// <param name="shape">The size of the images.</param>
    public static int Rows(ImageShape shape) => Math.Clamp(MostValues / shape.Size, 1, MostRows);

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
    /// <param name="position">The row's number in the data.</param>
    /// <exception cref="InvalidOperationException">A score is NaN or infinite.</exception>
    public void CheckFinite(int row, long position)
    {
        foreach (var score in _scores.AsSpan(row * scorer.ClassCount, scorer.ClassCount))
        {
            if (!float.IsFinite(score))
            {
                throw Marked.Exception(new InvalidOperationException(scorer.ScoresUsualImages
                    ? $"Row {position} cannot be scored: its pixel values make the network's numbers overflow. Scale them as in the "
                        + $"training data."
                    : $"Row {position} cannot be scored, and neither can others: the model's weights make the network's numbers "
                        + $"overflow even for an " +
                        $"image like those of the training data. Train it again with a lower {nameof(NoPropOptions.LearningRate)}."));
            }
        }
    }
}
