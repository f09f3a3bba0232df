using NullaProp.ML.Interop;

namespace NullaProp.ML.Data;

/// <summary>Refuses scores that are no numbers: finite pixels far outside the training data can still overflow inside the network.</summary>
internal static class FiniteScores
{
    /// <summary>Checks the scores of some rows.</summary>
    /// <param name="scores">The scores, row by row.</param>
    /// <param name="classes">The number of scores in a row.</param>
    /// <param name="firstRow">The number of the first row.</param>
    /// <exception cref="InvalidOperationException">A score is NaN or infinite.</exception>
    public static void Check(ReadOnlySpan<float> scores, int classes, long firstRow)
    {
        for (var i = 0; i < scores.Length; i++)
        {
            if (!float.IsFinite(scores[i]))
            {
                throw Marked.Exception(new InvalidOperationException(
                    $"Row {firstRow + (i / classes)} cannot be scored: its pixel values make the network's numbers overflow. Scale them as in the training data, " +
                    $"or train again with a lower {nameof(NoPropOptions.LearningRate)} if every row fails."));
            }
        }
    }
}
