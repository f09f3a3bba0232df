using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

/// <summary>Laws that every dynamics keeps, whichever the enumeration names.</summary>
[TestClass]
public sealed class DynamicsTests
{
    private static readonly LinearNoiseSchedule Schedule = new(-5, 5);

    public static IEnumerable<object[]> Kinds => Enum.GetValues<FlowDynamics>().Select(kind => new object[] { kind });

    // Every dynamics over the whole way, most of it, and a short step.
    public static IEnumerable<object[]> Steps =>
        from kind in Enum.GetValues<FlowDynamics>()
        from step in new[] { (0.0, 1.0), (0.05, 0.93), (0.4, 0.45) }
        select new object[] { kind, step.Item1, step.Item2 };

    [TestMethod]
    [DynamicData(nameof(Steps))]
    public void Transition_ExactPrediction_EndsWhereItMust(FlowDynamics kind, double from, double to)
    {
        var (first, last) = (Level(from), Level(to));

        var step = Dynamics.Of(kind).Transition(first, last);

        // The comparison integrates by Simpson's rule to 1e-11 where the end is not known in closed form.
        Assert.AreEqual(
            ExactPath.End(kind, Schedule, from, to),
            (step.State * ExactPath.At(first)) + (step.Prediction * ExactPath.Label),
            1e-10);
    }

    [TestMethod]
    [DynamicData(nameof(Steps))]
    public void Transition_HeldPrediction_SolvesTheEquationOfRate(FlowDynamics kind, double from, double to)
    {
        const double start = -1.3;
        const double prediction = 0.7;
        var dynamics = Dynamics.Of(kind);

        var step = dynamics.Transition(Level(from), Level(to));
        var solved = RungeKutta.Solve(
            (t, z) =>
            {
                var rate = dynamics.Rate(Level(t));
                return (rate.State * z) + (rate.Prediction * prediction);
            },
            start,
            from,
            to,
            steps: 4000);

        // Fourth order: (rate·h)^4 = (150/4000)^4 ≈ 2e-6 of a part that has itself decayed below 1e-5 where the rate is that high.
        Assert.AreEqual(solved, (step.State * start) + (step.Prediction * prediction), 1e-9);
    }

    [TestMethod]
    [DynamicData(nameof(Steps))]
    public void Transition_InTwoSteps_IsThatInOne(FlowDynamics kind, double from, double to)
    {
        var dynamics = Dynamics.Of(kind);
        var middle = Level((from + to) / 2);

        var (first, second) = (dynamics.Transition(Level(from), middle), dynamics.Transition(middle, Level(to)));
        var whole = dynamics.Transition(Level(from), Level(to));

        // Equal but for rounding; λ is a straight line here, so the simplified flow's assumption holds.
        Assert.AreEqual(whole.State, second.State * first.State, 1e-13);
        Assert.AreEqual(whole.Prediction, (second.State * first.Prediction) + second.Prediction, 1e-13);
    }

    [TestMethod]
    [DynamicData(nameof(Steps))]
    public void Ramp_PredictionLinearInTheClock_SolvesTheEquationOfRate(FlowDynamics kind, double from, double to)
    {
        const double start = -1.3;
        var (before, after) = (0.7, -0.4);
        var dynamics = Dynamics.Of(kind);
        var (first, last) = (Level(from), Level(to));

        var (step, ramp) = (dynamics.Transition(first, last), dynamics.Ramp(first, last));
        var solved = RungeKutta.Solve(
            (t, z) =>
            {
                var rate = dynamics.Rate(Level(t));
                var share = dynamics.Elapsed(first, Level(t)) / dynamics.Elapsed(first, last);
                return (rate.State * z) + (rate.Prediction * (before + (share * (after - before))));
            },
            start,
            from,
            to,
            steps: 8000);

        // Fourth order: (rate·h)^4 = (150/8000)^4 ≈ 1e-7 of a part that is a hundredth of the whole where the rate is that high.
        Assert.AreEqual(solved, (step.State * start) + (step.Prediction * before) + (ramp * (after - before)), 2e-9);
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void Ramp_TinyStep_IsHalfTheEffectOfTheWholePrediction(FlowDynamics kind)
    {
        var dynamics = Dynamics.Of(kind);
        var (from, to) = (Level(0.5), Level(0.5 + 1e-7));

        var ramp = dynamics.Ramp(from, to);

        // h·c_u/2, next to which the rest of the series is h·(rate + 1)/2 ≈ 1e-6. A closed form that subtracts nearly equal numbers would
        // be off by 1e-16/1e-6 of 1e-6: 1e-4.
        Assert.AreEqual(1, ramp / (1e-7 * dynamics.Rate(from).Prediction / 2), 1e-5);
    }

    [TestMethod]
    [DynamicData(nameof(Steps))]
    public void Elapsed_InTwoSteps_AddsUp(FlowDynamics kind, double from, double to)
    {
        var dynamics = Dynamics.Of(kind);
        var middle = Level((from + to) / 2);

        var whole = dynamics.Elapsed(Level(from), Level(to));

        Assert.IsGreaterThan(0, whole);
        Assert.AreEqual(1, (dynamics.Elapsed(Level(from), middle) + dynamics.Elapsed(middle, Level(to))) / whole, 1e-12);
    }

    [TestMethod]
    [DynamicData(nameof(Kinds))]
    public void NoiseScale_OfADynamics_IsAboveZeroWhereTheWayIsRandom(FlowDynamics kind)
    {
        var scale = Dynamics.Of(kind).NoiseScale(Level(0.2), Level(0.3));

        Assert.AreEqual(kind == FlowDynamics.Ancestral, scale > 0);
        Assert.IsGreaterThanOrEqualTo(0, scale);
    }

    [TestMethod]
    public void Of_UnknownKind_Throws()
    {
        var fault = Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => Dynamics.Of((FlowDynamics)99));

        Assert.AreEqual("kind", fault.ParamName);
    }

    private static NoiseLevel Level(double time) => Schedule.Levels([time])[0];
}
