namespace NullaProp.ML;

/// <summary>Whether scoring an image may end before the plan does.</summary>
public enum EarlyExit
{
    /// <summary>Every image goes the whole way.</summary>
    Never,

    /// <summary>
    /// An image leaves once the evaluations that are left, whatever they gave, could not change its class. Where the score is a mean over evaluations
    /// (<see cref="ScoreReadout.PathMean"/>, <see cref="ScoreReadout.NoisyPathMean"/>), that is when the best class leads by more than their share; its probabilities are the mean of
    /// those evaluated. Where it is the <see cref="ScoreReadout.LastState"/> of one start, that is when no predictions could carry the state to another class; its probabilities are
    /// those of the last prediction held to the end. A last prediction cannot be told before it is made, nor a velocity bounded: those go the whole way.
    /// </summary>
    WhenClassIsDecided,
}
