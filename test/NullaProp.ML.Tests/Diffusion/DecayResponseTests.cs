using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class DecayResponseTests
{
    // Either side of where the closed form takes over from the series, both signs, and where a difference of nearly equal numbers would
    // have no digit left.
    private static readonly double[] Times =
    [
        1e-12,
        1e-8,
        1e-4,
        0.1,
        0.4999999,
        0.5000001,
        1,
        5,
        30,
        -1e-8,
        -0.1,
        -0.4999999,
        -0.5000001,
        -3,
    ];

    public static IEnumerable<object[]> All => Times.Select(h => new object[] { h });

    [TestMethod]
    [DynamicData(nameof(All))]
    public void ToStep_AnyTime_IsTheIntegralOfADecay(double h)
    {
        // Relative: the number itself goes down to 1e-12. 1 − e^−h by subtraction is wrong by 1e-4 of it there.
        Assert.AreEqual(1, DecayResponse.ToStep(h) / (h * Mean(h, _ => 1)), 2e-12);
    }

    [TestMethod]
    [DynamicData(nameof(All))]
    public void ToRamp_AnyTime_IsTheIntegralOfARampUnderADecay(double h)
    {
        Assert.AreEqual(1, DecayResponse.ToRamp(h) / (h * Mean(h, share => share)), 2e-12);
    }

    [TestMethod]
    public void ToRamp_OfOne_IsOneOverE()
    {
        // 1 − (1 − 1/e)
        Assert.AreEqual(1 / Math.E, DecayResponse.ToRamp(1), 1e-15);
    }

    // y(h) = ∫ e^−(h−τ)·r(τ) dτ over h: the mean of e^−h(1−s)·r(s) over s, by Simpson's rule.
    private static double Mean(double h, Func<double, double> input)
    {
        const int intervals = 20_000; // (30/20,000)^4/180 = 3e-14 of the integral is missed at most, beside the rounding of as many terms
        double F(int i) => Math.Exp(-h * (1 - ((double)i / intervals))) * input((double)i / intervals);
        return Enumerable.Range(0, intervals + 1).Sum(i => (i is 0 or intervals ? 1 : i % 2 == 1 ? 4 : 2) * F(i)) / 3 / intervals;
    }
}
