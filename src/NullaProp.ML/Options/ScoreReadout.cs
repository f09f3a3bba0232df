namespace NullaProp.ML;

/// <summary>Which of the class probabilities met on the way from noise to label become the score.</summary>
public enum ScoreReadout
{
    /// <summary>The mean over all evaluations on the way: as accurate as the last, and calibrated.</summary>
    PathMean,

    /// <summary>
    /// The prediction at the end of the way: in continuous time one more evaluation at t = 1, as the seed project decodes, else that of the last step. Over-confident.
    /// </summary>
    LastPrediction,

    /// <summary>The first prediction, at pure noise, with no way at all: what an ordinary classifier does. One evaluation; in discrete time that of the first block.</summary>
    FirstPrediction,

    /// <summary>The mean over those evaluations on the way whose noisy label is at or below <see cref="NoPropOptions.ReadoutMaxLogSnr"/>: those that need the image.</summary>
    NoisyPathMean,

    /// <summary>What the state at the end of the way says by itself, without the image, as the paper decodes. Over-confident.</summary>
    LastState,
}
