using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tests.Diffusion;

namespace NullaProp.ML.Tests.Plan;

/// <summary>
/// How far each solver of the probability flow ends from the exact end, with the ideal denoiser, log-SNR from −5 to 5 and equal steps:
/// the median of 200 draws.
/// </summary>
[TestClass]
public sealed class ConvergenceTests
{
    private const int Draws = 200;

    private static readonly LinearNoiseSchedule Schedule = new(-5, 5);
    private static readonly double[][] Starts = Normals();

    // λ rises by 10 in t from 0 to 1. Fourth order in steps of 1/500: errors below 1e-7.
    private static readonly Lazy<double[][]> Ends = new(() => [.. Starts.Select(start => RungeKutta.Solve(
        (t, z) => IdealDenoiser.Slope(FlowDynamics.ProbabilityFlow, z, -5 + (10 * t), rate: 10), start, 0, 1, steps: 500))]);


    // The medians that a program apart from this one found. Both are medians of 200 draws, whose own spread is some 20% of a value as
    // skew as these errors; the programs' draws differ, too, so they must agree within a factor of 2, where solvers of another order are
    // off by 4 and more.
    [TestMethod]
    [DataRow(OdeSolver.Euler, 8, 0.050)]
    [DataRow(OdeSolver.Euler, 32, 0.0096)]
    [DataRow(OdeSolver.Heun, 8, 0.113)]
    [DataRow(OdeSolver.Heun, 32, 0.0046)]
    [DataRow(OdeSolver.ExponentialEuler, 8, 0.035)]
    [DataRow(OdeSolver.ExponentialEuler, 32, 0.0072)]
    [DataRow(OdeSolver.Multistep, 8, 0.0115)]
    [DataRow(OdeSolver.Multistep, 32, 0.00038)]
    [DataRow(OdeSolver.ExponentialHeun, 8, 0.0115)]
    [DataRow(OdeSolver.ExponentialHeun, 32, 0.0011)]
    public void Steps_ThisManyEvaluations_ErrAsKnown(OdeSolver solver, int evaluations, double known)
    {
        var error = MedianError(solver, evaluations);

        Assert.IsInRange(known / 2, known * 2, error);
    }

    [TestMethod]
    public void Steps_ThirtyTwoEvaluations_RankTheSolvers()
    {
        OdeSolver[] best = [OdeSolver.Multistep, OdeSolver.ExponentialHeun, OdeSolver.Heun, OdeSolver.ExponentialEuler, OdeSolver.Euler];

        var errors = best.Select(solver => MedianError(solver, 32)).ToArray();

        CollectionAssert.AreEqual(errors.Order().ToArray(), errors);
    }

    private static double MedianError(OdeSolver solver, int evaluations)
    {
        var steps = solver is OdeSolver.Heun or OdeSolver.ExponentialHeun ? evaluations / 2 : evaluations;
        var errors = EndsOf(solver, steps)
            .Zip(Ends.Value, (end, exact) => Math.Sqrt(end.Zip(exact, (a, b) => (a - b) * (a - b)).Sum()))
            .Order()
            .ToArray();
        return (errors[(Draws / 2) - 1] + errors[Draws / 2]) / 2;
    }

    private static IEnumerable<double[]> EndsOf(OdeSolver solver, int steps)
    {
        var stages = new PlanCompiler(new ProbabilityFlow(), Schedule.Levels, classes: 10).Steps(solver, steps).ToArray();
        var logSnrs = stages.Select(stage => stage.Time).Distinct().ToDictionary(time => time, time => Schedule.Levels([time])[0].LogSnr);
        return [.. Starts.Select(start => PlanExecution.End(stages, start, (z, time) => IdealDenoiser.Posterior(z, logSnrs[time])))];
    }

    private static double[][] Normals()
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, Draws).Select(_ => new[] { Gauss.Next(random), Gauss.Next(random), Gauss.Next(random) })];
    }
}
