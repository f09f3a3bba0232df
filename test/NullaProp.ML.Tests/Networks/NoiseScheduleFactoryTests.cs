using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class NoiseScheduleFactoryTests
{
    [TestMethod]
    [DataRow(NoiseScheduleKind.LinearLogSnr, typeof(LinearNoiseSchedule), false)]
    [DataRow(NoiseScheduleKind.Cosine, typeof(CosineNoiseSchedule), false)]
    [DataRow(NoiseScheduleKind.Learned, typeof(MonotoneNoiseSchedule), false)]
    [DataRow(NoiseScheduleKind.LearnedJointly, typeof(MonotoneNoiseSchedule), true)]
    public void Create_Kind_IsTheScheduleOfThatName(NoiseScheduleKind kind, Type type, bool trainsEnds)
    {
        using var model = TinyModel.Create(new NoPropOptions { Variant = new ContinuousTime { NoiseSchedule = kind } });

        Assert.AreEqual(type, model.Schedule.GetType());
        Assert.AreEqual(trainsEnds, model.Schedule.TrainsEnds);
    }

    [TestMethod]
    public void Create_Learned_StartsNearlyStraight()
    {
        using var model = TinyModel.Create(new NoPropOptions { Variant = new ContinuousTime { LogSnrAtLabel = 5 } });

        var levels = model.Schedule.Levels([.. Enumerable.Range(0, 11).Select(i => i / 10.0)]);

        Assert.AreEqual(64, TinyModel.Weight(model, "schedule.slopes").shape[1]);
        // Within a tenth of the span of 12: the curvature of two soft steps over slopes of 0.3 to 1.3.
        Assert.IsLessThan(1.2, levels.Max(level => Math.Abs(level.LogSnr - (-7 + (12 * level.Time)))));
    }
}
