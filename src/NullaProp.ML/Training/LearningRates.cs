namespace NullaProp.ML.Training;

/// <summary>The learning rate of each step.</summary>
/// <param name="options">The highest rate and how it changes.</param>
/// <param name="steps">The number of steps in the whole training, 1 or more.</param>
internal sealed class LearningRates(NoPropOptions options, long steps)
{
    /// <summary>Returns the learning rate of a step.</summary>
    /// <param name="step">The step, from 0.</param>
    public double At(long step)
    {
        if (options.LearningRateSchedule == LearningRateSchedule.Constant)
        {
            return options.LearningRate;
        }

        var warmup = (long)Math.Ceiling(options.WarmupFraction * steps);
        if (step < warmup)
        {
            return options.LearningRate * (step + 1) / warmup;
        }

        var progress = (step - warmup) / (double)Math.Max(1L, steps - warmup);
        return options.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
