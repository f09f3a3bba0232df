using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tests.Plan;
using NullaProp.ML.Variants;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class VelocityFlowTests
{
    private static readonly VelocityFlow Flow = new();
    private static readonly LinearNoiseSchedule Schedule = new(-7, 5);

    public static IEnumerable<object[]> Solvers => Enum.GetValues<OdeSolver>().Select(solver => new object[] { solver });

    [TestMethod]
    [DynamicData(nameof(Solvers))]
    public void Steps_ExactVelocity_EndAtTheLabelInAnyNumberOfSteps(OdeSolver solver)
    {
        var stages = new PlanCompiler(Flow, Schedule.Levels, classes: 10).Steps(solver, 3);

        var end = PlanExecution.End(stages, [-1.1], (_, _) => [0.8 + 1.1]);

        // The way is straight, so every method is exact.
        Assert.AreEqual(0.8, end[0], 1e-13);
    }

    [TestMethod]
    public void Ramp_VelocityLinearInTime_IsTheIntegralByHand()
    {
        var (from, to) = (Level(0.3), Level(0.8));

        // ∫ (t − 0.3)/0.5 dt from 0.3 to 0.8
        Assert.AreEqual(0.25, Flow.Ramp(from, to), 1e-15);
        Assert.AreEqual((1.0, 0.5), (Flow.Transition(from, to).State, Flow.Transition(from, to).Prediction));
        Assert.AreEqual((0.0, 1.0), (Flow.Rate(from).State, Flow.Rate(from).Prediction));
        Assert.AreEqual(0, Flow.NoiseScale(from, to));
    }

    [TestMethod]
    public void Target_OnAPath_IsLabelLessNoise()
    {
        var (signal, noise) = Flow.Mixture(Level(0.3));

        var velocity = Flow.Target(Level(0.3), 0.8, (signal * 0.8) + (noise * -1.1));

        Assert.AreEqual(0.8 + 1.1, velocity, 1e-15);
    }

    private static NoiseLevel Level(double time) => Schedule.Levels([time])[0];
}
