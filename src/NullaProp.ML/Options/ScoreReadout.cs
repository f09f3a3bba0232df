namespace NullaProp.ML;

/// <summary>Which of the class probabilities met on the way from noise to label become the score.</summary>
public enum ScoreReadout
{
    /// <summary>The mean over all evaluations on the way: as accurate as the last, and calibrated.</summary>
    PathMean,

    /// <summary>The prediction at the end of the way, one more evaluation at t = 1, as the seed project decodes. Over-confident.</summary>
    LastPrediction,

    /// <summary>The first prediction, at pure noise, with no way at all: what an ordinary classifier does. One evaluation.</summary>
    FirstPrediction,
}
