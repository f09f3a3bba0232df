namespace NullaProp.ML.Training;

/// <summary>The learning rate of each step.</summary>
/// <param name="options">The highest rate and how it changes.</param>
/// <param name="steps">The number of steps in the whole training, 1 or more.</param>
internal sealed class StepSize(NoPropOptions options, int steps)
{
    /// <summary>Returns the learning rate of a step.</summary>
    /// <param name="step">The step, from 0.</param>
    public double At(int step)
    {
        if (options.LearningRateSchedule == LearningRateSchedule.Constant)
        {
            return options.LearningRate;
        }

        var warmup = (int)Math.Ceiling(options.WarmupFraction * steps);
        if (step < warmup)
        {
            return options.LearningRate * (step + 1) / warmup;
        }

        var progress = (step - warmup) / (double)Math.Max(1, steps - warmup);
        return options.LearningRate * 0.5 * (1 + Math.Cos(Math.PI * progress));
    }
}
