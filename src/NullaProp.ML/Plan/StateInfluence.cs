namespace NullaProp.ML.Plan;

/// <summary>
/// What the last state of a way is made of, seen from the end of a step: q_T = <paramref name="State"/>·q +
/// <paramref name="Prediction"/>·û + Σ wᵢ·ûᵢ over the evaluations that are left. Every û is a probability vector, so what they can still
/// do to the class is bounded.
/// </summary>
/// <param name="State">The factor of the state.</param>
/// <param name="Prediction">The factor of the prediction that led to it, where a solver uses it once more.</param>
/// <param name="Left">Σ wᵢ: what is added if the prediction stays as it is.</param>
/// <param name="Bound">Σ |wᵢ|.</param>
internal readonly record struct StateInfluence(double State, double Prediction, double Left, double Bound)
{
    /// <summary>
    /// Returns it by stage, where an image may leave because the class of the last state is decided; <see langword="null"/> where it may
    /// not.
    /// </summary>
    /// <param name="plan">The plan.</param>
    public static IReadOnlyList<StateInfluence?> Of(SamplingPlan plan)
    {
        var influences = new StateInfluence?[plan.Stages.Count];
        if (plan.EarlyExit != EarlyExit.WhenClassIsDecided || plan.StateShare != 1 || plan.Predicts != NetworkPrediction.CleanLabel)
        {
            return influences;
        }

        var left = new StateInfluence(State: 1, Prediction: 0, Left: 0, Bound: 0);
        for (var i = plan.Stages.Count - 1; i >= 0; i--)
        {
            var stage = plan.Stages[i];
            influences[i] = stage.EndsStep && left.Bound > 0 ? left : null;
            // Of û; a trial point is gone after its step.
            var weight = left.Prediction + (stage.EndsStep ? left.State * stage.Prediction : 0);
            left = new(
                stage.EndsStep ? left.State * stage.State : left.State,
                stage.EndsStep ? left.State * stage.PreviousPrediction : 0,
                left.Left + weight,
                left.Bound + Math.Abs(weight));
        }

        return influences;
    }
}
