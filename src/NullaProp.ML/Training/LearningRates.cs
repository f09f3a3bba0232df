namespace NullaProp.ML.Training;

/// <summary>The learning rate of each step.</summary>
/// <param name="options">The highest rate and how it changes.</param>
/// <param name="steps">The number of steps in the whole training, 1 or more.</param>
internal sealed class LearningRates(NoPropOptions options, long steps)
{
    private const double LastStageShare = 0.1;
    private const double ShareFromPartToPart = 2.6;

    private static readonly string[] PartsFromAbove =
        ["backbone.layer4.", "backbone.layer3.", "backbone.layer2.", "backbone.layer1.", "backbone.conv1."];

    /// <summary>
    /// Returns by what the rate of a weight is multiplied: of a pretrained network the last stage by 0.1, and each part below by the share
    /// of that above over 2.6 (Howard and Ruder 2018, arXiv 1801.06146, section 3.2); what is new, by 1.
    /// </summary>
    /// <param name="options">The kind of network.</param>
    /// <param name="name">The weight's name.</param>
    public static double Share(NoPropOptions options, string name)
    {
        var below = options.Backbone.IsPretrained()
            ? Array.FindIndex(PartsFromAbove, part => name.StartsWith(part, StringComparison.Ordinal))
            : -1;
        return below < 0 ? 1 : LastStageShare / Math.Pow(ShareFromPartToPart, below);
    }

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
