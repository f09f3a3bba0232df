using NullaProp.ML.Plan;

namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// Follows the stages of a plan in double precision by the interpreter's own steps, with any function in place of the network.
/// </summary>
internal static class PlanExecution
{
    /// <summary>Returns where the way ends.</summary>
    /// <param name="stages">The stages.</param>
    /// <param name="start">z₀.</param>
    /// <param name="predict">The network: û, or the velocity, at z and t.</param>
    public static double[] End(IEnumerable<SamplingStage> stages, double[] start, Func<double[], double, double[]> predict)
    {
        var way = new DoubleRegisters(start);
        foreach (var stage in stages)
        {
            way[Register.Prediction] = predict(way[Register.Point], stage.Time);
            PlanInterpreter.Step(way, stage);
            PlanInterpreter.Arrive(way, stage);
        }

        return way[Register.State];
    }
}
