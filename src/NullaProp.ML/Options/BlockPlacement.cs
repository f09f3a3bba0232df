namespace NullaProp.ML;

/// <summary>The noise levels that the blocks of discrete time read.</summary>
public enum BlockPlacement
{
    /// <summary>
    /// Evenly in log signal-to-noise ratio from <see cref="NoPropOptions.LogSnrAtNoise"/> to <see cref="NoPropOptions.BlockMaxLogSnr"/>: every block works where the noisy label does
    /// not yet give the class away and the image is needed. The last step leads to <see cref="NoPropOptions.LogSnrAtLabel"/>.
    /// </summary>
    BeforeLabelShows,

    /// <summary>Evenly in time over the whole noise schedule, as in the paper: the last blocks read labels that stand clear, and learn little about images.</summary>
    EvenInTime,
}
