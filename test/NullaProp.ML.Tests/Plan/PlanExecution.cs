using NullaProp.ML.Plan;

namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// Follows the stages of a plan in double precision, straight from the definition of a stage, with any function in place of the network.
/// Nothing of the interpreter has a part in it.
/// </summary>
internal static class PlanExecution
{
    /// <summary>Returns where the way ends.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="start">z₀.</param>
    /// <param name="predict">The network: û, or the velocity, at z and t.</param>
    public static double[] End(IEnumerable<SamplingStage> stages, double[] start, Func<double[], double, double[]> predict)
    {
        var (state, point, previous) = (start, start, new double[start.Length]);
        foreach (var stage in stages)
        {
            var now = predict(point, stage.Time);
            point =
            [
                .. state.Select((z, i) => (stage.State * z) + (stage.Prediction * now[i]) + (stage.PreviousPrediction * previous[i])),
            ];
            (state, previous) = (stage.EndsStep ? point : state, now);
        }

        return state;
    }
}
