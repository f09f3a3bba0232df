namespace NullaProp.ML.Scoring;

/// <summary>
/// Turns images into class probabilities. A pure function of each image: neither its neighbours in a batch nor the thread change its score.
/// </summary>
internal interface IBatchScorer
{
    /// <summary>Gets the size of the images.</summary>
    ImageShape Shape { get; }

    /// <summary>Gets the number of classes K.</summary>
    int ClassCount { get; }

    /// <summary>
    /// Gets a value indicating whether an image as the training data has them gets scores that are numbers. If not, the model is at fault
    /// and
    /// not the row. Computed once.
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
