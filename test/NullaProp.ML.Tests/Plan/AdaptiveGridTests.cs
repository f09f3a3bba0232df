using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tests.Diffusion;
using NullaProp.ML.Variants;

namespace NullaProp.ML.Tests.Plan;

[TestClass]
public sealed class AdaptiveGridTests
{
    private static readonly LinearNoiseSchedule Schedule = new(-7, 5);

    public static IEnumerable<object[]> Cases =>
        from dynamics in Enum.GetValues<FlowDynamics>().Select(Dynamics.Of).Append(new VelocityFlow()).Append(new PreconditionedFlow(0.1))
        from tolerance in new[] { 1e-4, 0.1, 1 }
        from steps in new[] { 1, 2, 7, 2000 }
        select new object[] { dynamics, tolerance, steps };

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Within_AnyDynamics_RisesFromNoiseToLabelInNoMoreStepsThanAllowed(object dynamics, double tolerance, int steps)
    {
        var times = Grid((Dynamics)dynamics, tolerance, steps).Select(level => level.Time).ToArray();

        Assert.AreEqual((0.0, 1.0), (times[0], times[^1]));
        Assert.IsLessThanOrEqualTo(steps, times.Length - 1);
        Assert.IsTrue(times.Zip(times.Skip(1)).All(step => step.First < step.Second));
    }

    // What the documentation of the default tolerance says.
    [TestMethod]
    [DataRow(-7.0, 5.0)]
    [DataRow(-5.0, 5.0)]
    public void Within_DefaultTolerance_NeedsSixToTenEvaluations(double noiseEnd, double labelEnd)
    {
        var levels = new LinearNoiseSchedule(noiseEnd, labelEnd).Levels(Times());

        var grid = new AdaptiveGrid(new ProbabilityFlow(), levels, classes: 10).Within(new NoPropOptions().Sampling.SolverTolerance, 100);

        Assert.IsInRange(6, 10, grid.Count - 1);
    }

    [TestMethod]
    public void Within_TighterTolerances_TakeMoreSteps()
    {
        var counts = new[] { 1, 0.3, 0.1, 0.03, 0.01, 0.001 }
            .Select(tolerance => Grid(new ProbabilityFlow(), tolerance, 1024).Count)
            .ToArray();

        CollectionAssert.AreEqual(counts.Order().ToArray(), counts);
        Assert.IsGreaterThan(2 * counts[0], counts[^1]);
    }

    [TestMethod]
    public void Within_AskedTwice_IsTheSame()
    {
        CollectionAssert.AreEqual(Grid(new ProbabilityFlow(), 0.1, 100).ToArray(), Grid(new ProbabilityFlow(), 0.1, 100).ToArray());
    }

    // The simplified flow is 12 times as fast at the end as at the start of its way; equal steps are too long there. The probability flow
    // has little to gain.
    [TestMethod]
    [DataRow(FlowDynamics.ProbabilityFlow, -7.0, 5.0)]
    [DataRow(FlowDynamics.SimplifiedFlow, -2.5, 2.5)]
    [DataRow(FlowDynamics.ReverseDrift, -7.0, 5.0)]
    public void Steps_Adaptive_ErrLessThanAsManyEqualSteps(FlowDynamics kind, double noiseEnd, double labelEnd)
    {
        var schedule = new LinearNoiseSchedule(noiseEnd, labelEnd);
        var compiler = new PlanCompiler(Dynamics.Of(kind), schedule.Levels, IdealDenoiser.Prior.Count);
        var random = new Random(3);
        double[][] starts = [.. Enumerable.Range(0, 200).Select(_ => new[] { Gauss.Next(random), Gauss.Next(random), Gauss.Next(random) })];
        var rate = labelEnd - noiseEnd;
        double[][] exact =
        [
            .. starts.Select(start =>
                RungeKutta.Solve((t, z) => IdealDenoiser.Slope(kind, z, noiseEnd + (rate * t), rate), start, 0, 1, steps: 1000)),
        ];
        var adaptive = compiler.Steps(OdeSolver.Adaptive, 16).ToArray();

        var (chosen, equal) = (Error(adaptive), Error(compiler.Steps(OdeSolver.Multistep, adaptive.Length).ToArray()));

        Assert.IsLessThan(equal, chosen, $"{adaptive.Length} steps");

        double[][] Ends(IEnumerable<SamplingStage> stages) =>
            [.. starts.Select(start => PlanExecution.End(
                stages,
                start,
                (z, time) => IdealDenoiser.Posterior(z, schedule.Levels([time])[0].LogSnr)))];

        // The mean distance.
        double Error(IEnumerable<SamplingStage> stages) =>
            Ends(stages).Zip(exact, (end, right) => Math.Sqrt(end.Zip(right, (a, b) => (a - b) * (a - b)).Sum())).Average();
    }

    private static IReadOnlyList<NoiseLevel> Grid(Dynamics dynamics, double tolerance, int steps) =>
        new AdaptiveGrid(dynamics, Schedule.Levels(Times()), classes: 10).Within(tolerance, steps);

    private static double[] Times() => [.. Enumerable.Range(0, AdaptiveGrid.Finest + 1).Select(i => (double)i / AdaptiveGrid.Finest)];
}
