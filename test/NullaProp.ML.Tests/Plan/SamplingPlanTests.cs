using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tensors;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class SamplingPlanTests
{
    public static IEnumerable<object[]> Solvers => Enum.GetValues<OdeSolver>().Select(solver => new object[] { solver });

    [TestMethod]
    [DynamicData(nameof(Solvers))]
    public void Offsets_AnySolver_AreTheStatesOfAWayWithoutPredictions(OdeSolver solver)
    {
        var plan = new PlanCompiler(new SimplifiedFlow(), new LinearNoiseSchedule(-2.5, 2.5).Levels)
            .Compile(new Sampling { Solver = solver, SolverSteps = 5, ScoreReadout = ScoreReadout.LastPrediction }, LastEvaluation.AtLabel);
        var states = new List<double>();

        var offsets = plan.Offsets(new HostTensor([1, 1], [1])).Select(offset => offset.Single()).ToList();

        PlanExecution.End(plan.Stages, [1], (z, _) =>
        {
            states.Add(z[0]);
            return [0];
        });
        Assert.HasCount(states.Count + 1, offsets); // one more for the state after the last stage
        foreach (var (state, offset) in states.Zip(offsets))
        {
            Assert.AreEqual(state, offset, 1e-12);
        }
    }

    [TestMethod]
    public void SingleEvaluation_OfAnyModel_IsAtPureNoise()
    {
        var stage = SamplingPlan.SingleEvaluation.Stages.Single();

        Assert.AreEqual((0.0, 1.0), (stage.Time, stage.ScoreShare));
    }
}
