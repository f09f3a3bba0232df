using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Tests.Diffusion;

namespace NullaProp.ML.Tests.Plan;

/// <summary>What every solver must do with every dynamics.</summary>
[TestClass]
public sealed class SolverTests
{
    private static readonly LinearNoiseSchedule Schedule = new(-2.5, 2.5);

    private static readonly double[] StartOfOrder = [-0.4, 0.9, 0.3];

    // By another method, of fourth order, from the equations themselves: λ rises by 5 in t from 0 to 1.
    private static readonly Dictionary<FlowDynamics, Lazy<double[]>> References = Enum.GetValues<FlowDynamics>().ToDictionary(
        kind => kind,
        kind => new Lazy<double[]>(() =>
            RungeKutta.Solve((t, z) => IdealDenoiser.Slope(kind, z, -2.5 + (5 * t), rate: 5), StartOfOrder, 0, 1, steps: 4000)));

    public static IEnumerable<object[]> All =>
        from kind in Enum.GetValues<FlowDynamics>()
        from solver in Enum.GetValues<OdeSolver>()
        select new object[] { kind, solver };

    // Adaptive has no step size of its own to vary; it is Multistep over other times.
    public static IEnumerable<object[]> Ordered => All.Where(row => (OdeSolver)row[1] != OdeSolver.Adaptive);

    [TestMethod]
    [DynamicData(nameof(All))]
    public void Steps_ExactPredictionInFineSteps_IsCarriedWhereItMust(FlowDynamics kind, OdeSolver solver)
    {
        const int steps = 20_000;
        var stages = Compiler(kind).Steps(solver, steps);

        var end = PlanExecution.End(stages, [ExactPath.At(Schedule.Levels([0])[0])], (_, _) => [ExactPath.Label]);

        // First order: an error of about (rate·h)·|z₀ − u|/2 with rate at most 13 and h = 5e-5.
        Assert.AreEqual(ExactPath.End(kind, Schedule, 0, 1), end[0], 1e-3);
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void Steps_ExactPredictionInFineSteps_EndsNearTheLabel(FlowDynamics kind, OdeSolver solver)
    {
        var stages = new PlanCompiler(Dynamics.Of(kind), new LinearNoiseSchedule(-9, 9).Levels, classes: 10).Steps(solver, 40_000);

        var end = PlanExecution.End(stages, [-1.3], (_, _) => [0.7]);

        // From any start, as ᾱ(0) is nearly 0: what is left of the start is √(1−ᾱ(1)) = 0.011 of it, and û arrives as √ᾱ(1)·û.
        Assert.AreEqual(0.7, end[0], 0.02);
    }

    // A prediction that depends on z and t, so that a solver cannot be exact by chance: the slope of log error against log step is the
    // order.
    [TestMethod]
    [DynamicData(nameof(Ordered))]
    public void Steps_ErrorAgainstStepSize_FallsWithTheOrder(FlowDynamics kind, OdeSolver solver)
    {
        var reference = References[kind].Value;
        int[] counts = [128, 256, 512, 1024, 2048];

        var errors = counts
            .Select(count => Distance(PlanExecution.End(Compiler(kind).Steps(solver, count), StartOfOrder, Predict), reference))
            .ToArray();

        // Coarser steps would show the next order too. The reference is good to rounding.
        Assert.AreEqual(
            Order(solver),
            Slope([.. counts.Select(count => Math.Log(1.0 / count))], [.. errors.Select(error => Math.Log(error))]),
            0.1);
    }

    // What is left of z₀ = 1 at t = 1 when û is 0, for γ from 5 to −5 and ᾱ = sigmoid(−γ/2), by a program apart from this one. The
    // reference's corrector, which is handed ᾱ′ for ᾱ, leaves 0.457 after 10 steps and 0.376 after 100.
    [TestMethod]
    [DataRow(10, 0.048)]
    [DataRow(100, 0.033)]
    public void Heun_SimplifiedFlow_LeavesTheKnownShareOfTheStart(int steps, double known)
    {
        var stages = Compiler(FlowDynamics.SimplifiedFlow).Steps(OdeSolver.Heun, steps);

        var end = PlanExecution.End(stages, [1], (_, _) => [0]);

        // Known to three decimals.
        Assert.AreEqual(known, end[0], 5e-4);
    }

    // By hand: Euler multiplies what is left by 1 − x₀, Heun by 1 − (x₀ + x₁)/2 + x₀·x₁/2, with x = h·(1 + SNR).
    [TestMethod]
    public void Steps_StiffSimplifiedFlow_MultiplyTheErrorByTheGainsByHand()
    {
        var compiler = new PlanCompiler(new SimplifiedFlow(), new LinearNoiseSchedule(-5, 5).Levels, classes: 10);
        var (first, second) = ((1 + Math.Exp(0)) / 2, (1 + Math.Exp(5)) / 2); // x at t = ½ and t = 1 for h = ½

        var euler = compiler.Steps(OdeSolver.Euler, 2).Last();
        var heun = compiler.Steps(OdeSolver.Heun, 2).Last();

        Assert.AreEqual(1 - first, euler.State, 1e-12);
        Assert.AreEqual(1 - ((first + second) / 2) + (first * second / 2), heun.State, 1e-12);
    }

    // With a perfect prediction of one of ten one-hot labels, the share of draws that end at it. Where the steps are too long for the
    // equation Heun multiplies what is left of the start by 9 to 10 here (the product of the gains above), so that the true class is
    // pushed down: P(z₀ of it − 0.9 is the largest) = 2% of draws are right.
    [TestMethod]
    [DataRow(7)]
    [DataRow(10)]
    public void Heun_StiffSimplifiedFlowWithFewSteps_Explodes(int steps)
    {
        Assert.IsLessThan(0.05, Accuracy(OdeSolver.Heun, steps));
    }

    [TestMethod]
    [DataRow(OdeSolver.ExponentialEuler)]
    [DataRow(OdeSolver.ExponentialHeun)]
    [DataRow(OdeSolver.Multistep)]
    [DataRow(OdeSolver.Adaptive)]
    public void ExponentialSolvers_StiffSimplifiedFlowWithFewSteps_DoNotExplode(OdeSolver solver)
    {
        int[] counts = [1, 2, 7, 10];

        Assert.AreEqual(1, counts.Min(count => Accuracy(solver, count)));
    }

    private static PlanCompiler Compiler(FlowDynamics kind) => new(Dynamics.Of(kind), Schedule.Levels, classes: 10);

    private static double Accuracy(OdeSolver solver, int steps)
    {
        const int draws = 500;
        var compiler = new PlanCompiler(new SimplifiedFlow(), new LinearNoiseSchedule(-5, 5).Levels, classes: 10);
        var stages = compiler.Steps(solver, steps).ToArray();
        var random = new Random(7);
        double[] label = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        return Enumerable.Range(0, draws).Average(_ =>
        {
            var end = PlanExecution.End(stages, [.. label.Select(_ => Gauss.Next(random))], (_, _) => label);
            return Array.IndexOf(end, end.Max()) == 0 ? 1.0 : 0;
        });
    }

    private static double[] Predict(double[] z, double time) => IdealDenoiser.Posterior(z, Schedule.Levels([time])[0].LogSnr);

    // A new solver has to be added here.
    private static double Order(OdeSolver solver) => solver switch
    {
        OdeSolver.Euler => 1,
        OdeSolver.Heun => 2,
        OdeSolver.ExponentialEuler => 1,
        OdeSolver.ExponentialHeun => 2,
        OdeSolver.Multistep => 2,
        _ => throw new NotSupportedException($"Say here of what order {solver} is."),
    };

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());

    // Least squares.
    private static double Slope(double[] x, double[] y)
    {
        var (meanX, meanY) = (x.Average(), y.Average());
        return x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
    }
}
