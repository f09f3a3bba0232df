namespace NullaProp.ML;

/// <summary>How the learning rate changes from step to step.</summary>
public enum LearningRateSchedule
{
    /// <summary>A linear rise over the first <see cref="NoPropOptions.WarmupFraction"/> of the steps, then half a cosine down to 0.</summary>
    CosineWithWarmup,

    /// <summary>The same at every step.</summary>
    Constant,
}
