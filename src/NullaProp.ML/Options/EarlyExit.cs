namespace NullaProp.ML;

/// <summary>Whether scoring an image may end before the plan does.</summary>
public enum EarlyExit
{
    /// <summary>Every image goes the whole way.</summary>
    Never,

    /// <summary>
    /// An image leaves once the evaluations that are left, whatever they gave, could not change its class: when the best class leads by more than their share of the score. Its
    /// probabilities are the mean of those evaluated. Only a score that is a mean over evaluations can be decided early (<see cref="ScoreReadout.PathMean"/>,
    /// <see cref="ScoreReadout.NoisyPathMean"/>); others go the whole way.
    /// </summary>
    WhenClassIsDecided,
}
