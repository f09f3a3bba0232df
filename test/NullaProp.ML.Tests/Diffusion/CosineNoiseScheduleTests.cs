using NullaProp.ML.Diffusion;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class CosineNoiseScheduleTests
{
    private static readonly double[] Times = [.. Enumerable.Range(0, 101).Select(i => i / 100.0)];

    [TestMethod]
    [DataRow(-7.0, 5.0)]
    [DataRow(-2.5, 2.5)]
    [DataRow(-20.0, 20.0)]
    public void Levels_OfTheWholeWay_RiseStrictlyFromEndToEnd(double noiseEnd, double labelEnd)
    {
        var levels = new CosineNoiseSchedule(noiseEnd, labelEnd).Levels(Times);

        Assert.AreEqual(noiseEnd, levels[0].LogSnr, 1e-12);
        Assert.AreEqual(labelEnd, levels[^1].LogSnr, 1e-12);
        foreach (var (before, after) in levels.Zip(levels.Skip(1)))
        {
            Assert.IsGreaterThan(before.LogSnr, after.LogSnr, $"from t = {before.Time}");
            Assert.IsGreaterThan(0, after.LogSnrRate, $"at t = {after.Time}");
        }
    }

    [TestMethod]
    public void Levels_AlphaBar_IsTheCosineSqueezedBetweenTheEnds()
    {
        var (low, high) = (1 / (1 + Math.Exp(7)), 1 / (1 + Math.Exp(-5)));

        var levels = new CosineNoiseSchedule(-7, 5).Levels(Times);

        foreach (var level in levels)
        {
            var share = Share(1 - level.Time) / Share(0);
            Assert.AreEqual(low + ((high - low) * share), level.AlphaBar, 1e-14);
        }
    }

    [TestMethod]
    public void Levels_Rate_IsTheDerivative()
    {
        const double h = 1e-5;
        var schedule = new CosineNoiseSchedule(-7, 5);

        foreach (var t in Times.Skip(1).SkipLast(1))
        {
            var levels = schedule.Levels([t - h, t, t + h]);

            // Central difference: h²·λ‴/6, with λ‴ below 1e5 (λ′ goes from 0 to 60 within 0.05), beside rounding of 1e-15/h.
            Assert.AreEqual((levels[2].LogSnr - levels[0].LogSnr) / (2 * h), levels[1].LogSnrRate, 2e-5, $"at t = {t}");
        }
    }

    [TestMethod]
    public void At_ManyTimes_EqualsLevels()
    {
        using var scope = NewDisposeScope();
        var schedule = new CosineNoiseSchedule(-7, 5);
        var scalars = schedule.Levels(Times);

        var tensors = schedule.At(tensor(Times.Select(t => (float)t).ToArray()).unsqueeze(1));

        for (var i = 0; i < Times.Length; i++)
        {
            // Single precision, λ up to 7 and λ′ up to 60, where a time rounds by 6e-8 of its own.
            Assert.AreEqual(scalars[i].LogSnr, tensors.LogSnr[i, 0].item<float>(), 1e-5);
            Assert.AreEqual(scalars[i].LogSnrRate, tensors.LogSnrRate[i, 0].item<float>(), 1e-4);
        }
    }

    [TestMethod]
    [DataRow(-7.0, 5.0)]
    [DataRow(-20.0, 20.0)]
    public void TimeAt_LevelsOfTimes_GivesTheTimesBack(double noiseEnd, double labelEnd)
    {
        using var scope = NewDisposeScope();
        var schedule = new CosineNoiseSchedule(noiseEnd, labelEnd);
        var times = tensor(Times).unsqueeze(1); // (N, 1), double precision

        var back = schedule.TimeAt(schedule.At(times).LogSnr);

        // Next to t = 0 the share grows as t², so that its rounding of 1e-16 is one of 1e-8 in t.
        Assert.IsLessThan(2e-8, (back - times).abs().max().item<double>());
    }

    [TestMethod]
    public void Span_OfTheEnds_IsTheirDifferenceAndNothingTrains()
    {
        var schedule = new CosineNoiseSchedule(-7, 5);

        using var span = schedule.Span(CPU);

        Assert.AreEqual(12f, span.item<float>());
        Assert.IsFalse(schedule.TrainsEnds);
    }

    private static double Share(double v) => Math.Pow(Math.Cos((v + 0.008) / 1.008 * Math.PI / 2), 2);
}
