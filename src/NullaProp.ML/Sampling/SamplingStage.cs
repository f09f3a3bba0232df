using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Sampling;

/// <summary>
/// One evaluation of the network on the way from noise to label, and what follows from it: the next point is
/// a·(state at the start of the step) + b·û + b′·(the û before) + c·noise, and the class probabilities count in the score by their weight.
/// </summary>
internal readonly record struct SamplingStage
{
    /// <summary>Gets the time of the evaluation, 0 to 1.</summary>
    public required double Time { get; init; }

    /// <summary>Gets the number of the block that evaluates, from 0; always 0 but in discrete time.</summary>
    public int Block { get; init; }

    /// <summary>Gets a, the factor of the state at the start of the step.</summary>
    public double State { get; init; }

    /// <summary>Gets b, the factor of this stage's prediction û.</summary>
    public double Prediction { get; init; }

    /// <summary>Gets b′, the factor of the previous stage's prediction.</summary>
    public double PreviousPrediction { get; init; }

    /// <summary>Gets the factors of the point and of the network's output in the clean label, where the network predicts a velocity.</summary>
    public Dynamics.Coefficients CleanLabel { get; init; }

    /// <summary>Gets the factor of a stored draw from N(0, I) that the next point gains; 0 but for ancestral sampling.</summary>
    public double Noise { get; init; }

    /// <summary>Gets a value indicating whether the next point ends a step; otherwise it is a trial point within it.</summary>
    public bool EndsStep { get; init; }

    /// <summary>Gets the share of this stage's class probabilities in the score; the shares of a plan add up to 1.</summary>
    public double ScoreShare { get; init; }
}
