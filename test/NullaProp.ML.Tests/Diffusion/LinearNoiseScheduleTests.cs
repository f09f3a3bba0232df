using NullaProp.ML.Diffusion;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class LinearNoiseScheduleTests
{
    private readonly LinearNoiseSchedule _schedule = new(-7, 5);

    [TestMethod]
    public void Levels_EndsAndMiddle_LieOnTheLine()
    {
        var levels = _schedule.Levels([0, 0.25, 1]);

        // By hand: −7, −7 + 12/4, −7 + 12; the slope is 12 throughout.
        CollectionAssert.AreEqual(
            new[] { new NoiseLevel(0, -7, 12), new NoiseLevel(0.25, -4, 12), new NoiseLevel(1, 5, 12) },
            levels.ToArray());
    }

    [TestMethod]
    public void At_ManyTimes_EqualsLevels()
    {
        using var scope = NewDisposeScope();
        double[] times = [0, 0.1, 0.5, 0.99, 1];
        var scalars = _schedule.Levels(times);

        var tensors = _schedule.At(tensor(times.Select(t => (float)t).ToArray()).unsqueeze(1));

        for (var i = 0; i < times.Length; i++)
        {
            // Single precision: 7 digits of numbers up to 12.
            Assert.AreEqual(scalars[i].LogSnr, tensors.LogSnr[i, 0].item<float>(), 2e-6);
            Assert.AreEqual(scalars[i].LogSnrRate, tensors.LogSnrRate[i, 0].item<float>(), 2e-6);
        }
    }

    [TestMethod]
    public void Span_OfTheEnds_IsTheirDifferenceAndNothingTrains()
    {
        using var span = _schedule.Span(CPU);

        Assert.AreEqual(12f, span.item<float>());
        Assert.IsFalse(_schedule.TrainsEnds);
    }

    [TestMethod]
    public void TimeAt_LevelsOfTimes_GivesTheTimesBack()
    {
        using var scope = NewDisposeScope();
        var times = tensor(new[] { 0f, 0.1f, 0.5f, 0.99f, 1 }).unsqueeze(1); // (N, 1)

        var back = _schedule.TimeAt(_schedule.At(times).LogSnr);

        // Single precision of λ up to 7, over a span of 12.
        Assert.IsLessThan(1e-6f, (back - times).abs().max().item<float>());
    }
}
