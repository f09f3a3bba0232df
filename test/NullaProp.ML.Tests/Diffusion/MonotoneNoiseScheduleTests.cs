using NullaProp.ML.Diffusion;
using NullaProp.ML.Tensors;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class MonotoneNoiseScheduleTests
{
    private const int Hidden = 64;
    private const double NoiseEnd = -7;
    private const double LabelEnd = 5;

    // What raw weights are drawn from: nearly equal, as at the start of training, and far beyond what training reaches.
    [TestMethod]
    [DataRow(1, 0.1)]
    [DataRow(2, 1)]
    [DataRow(3, 3)]
    [DataRow(4, 10)]
    [DataRow(5, 10)]
    [DataRow(6, 30)]
    public void Levels_RandomRawWeights_RiseStrictlyFromEndToEnd(int seed, double scale)
    {
        using var scope = NewDisposeScope();
        var schedule = new MonotoneNoiseSchedule(Weights(seed, scale, ScalarType.Float32), trainsEnds: false);

        var levels = schedule.Levels([.. Enumerable.Range(0, 21).Select(i => i / 20.0)]);

        Assert.AreEqual(NoiseEnd, levels[0].LogSnr, 1e-12);
        Assert.AreEqual(LabelEnd, levels[^1].LogSnr, 1e-12);
        foreach (var (before, after) in levels.Zip(levels.Skip(1)))
        {
            Assert.IsGreaterThan(before.LogSnr, after.LogSnr, $"from t = {before.Time} to {after.Time}");
        }

        Assert.IsTrue(levels.All(level => level.LogSnrRate > 0), "dλ/dt is positive");
    }

    [TestMethod]
    [DataRow(1, 0.1)]
    [DataRow(2, 1)]
    [DataRow(3, 5)]
    public void At_AnalyticRate_EqualsTheFiniteDifference(int seed, double scale)
    {
        const double h = 1e-5;
        using var scope = NewDisposeScope();
        var schedule = new MonotoneNoiseSchedule(Weights(seed, scale, ScalarType.Float64), trainsEnds: false);
        var time = linspace(0.01, 0.99, 41, dtype: ScalarType.Float64).unsqueeze(1);

        var rate = schedule.At(time).LogSnrRate;
        var difference = (schedule.At(time + h).LogSnr - schedule.At(time - h).LogSnr) / (2 * h);

        // A central difference in double precision: h²·λ''' ≈ 1e-10·λ''' beside rounding of 1e-15·12/h ≈ 1e-9. λ''' grows with the cube of
        // the weights.
        Assert.IsLessThan(1e-6 * Math.Max(1, scale * scale), (rate - difference).abs().max().item<double>());
    }

    [TestMethod]
    public void At_ManyTimes_EqualsLevels()
    {
        using var scope = NewDisposeScope();
        var schedule = new MonotoneNoiseSchedule(Weights(9, 1, ScalarType.Float32), trainsEnds: false);
        double[] times = [0, 0.2, 0.55, 1];
        var scalars = schedule.Levels(times);

        var tensors = schedule.At(tensor(times.Select(t => (float)t).ToArray()).unsqueeze(1));

        for (var i = 0; i < times.Length; i++)
        {
            Assert.AreEqual(times[i], scalars[i].Time);
            // Double against single precision: roundings of 1e-7 of the fraction; the span is 12.
            Assert.AreEqual(scalars[i].LogSnr, tensors.LogSnr[i, 0].item<float>(), 1e-5);
            Assert.AreEqual(scalars[i].LogSnrRate, tensors.LogSnrRate[i, 0].item<float>(), 1e-4);
        }
    }

    [TestMethod]
    public void At_OneTimeAloneOrAmongOthers_GivesTheSameLevel()
    {
        using var scope = NewDisposeScope();
        var schedule = new MonotoneNoiseSchedule(Weights(9, 1, ScalarType.Float32), trainsEnds: false);

        var alone = schedule.Levels([0.37])[0];
        var among = schedule.Levels([0.9, 0.37, 0.1, 0.2, 0.3])[1];

        Assert.AreEqual(alone, among);
    }

    [TestMethod]
    public void At_LossOfLevelAndRate_SendsAGradientToEveryWeight()
    {
        using var scope = NewDisposeScope();
        var weights = Weights(11, 1, ScalarType.Float64);
        // as at the start of training; where g is large, softplus is a straight line and b₂ cancels
        weights = weights with { Mixture = new Weight(weights.Mixture.Value - 3) };
        Tensor[] all =
        [
            weights.Slopes.Value,
            weights.Offsets.Value,
            weights.Mixture.Value,
            weights.Level.Value,
            weights.NoiseEnd.Value,
            weights.LabelEnd.Value,
        ];
        foreach (var weight in all)
        {
            weight.requires_grad_();
        }

        var levels = new MonotoneNoiseSchedule(weights, trainsEnds: true).At(full(1, 1, 0.3, dtype: ScalarType.Float64));
        (levels.LogSnr + levels.LogSnrRate).sum().backward();

        foreach (var weight in all)
        {
            Assert.IsTrue(weight.grad!.isfinite().all().item<bool>());
            Assert.IsGreaterThan(0, weight.grad!.abs().min().item<double>());
        }
    }

    [TestMethod]
    public void Span_OfTheEnds_FollowsTheirWeights()
    {
        using var scope = NewDisposeScope();

        var span = new MonotoneNoiseSchedule(Weights(1, 1, ScalarType.Float32), trainsEnds: true).Span(CPU);

        Assert.AreEqual((float)(LabelEnd - NoiseEnd), span.item<float>());
    }

    [TestMethod]
    public void TimeAt_LearnedCurve_SaysWhatToChoose()
    {
        using var scope = NewDisposeScope();
        var schedule = new MonotoneNoiseSchedule(Weights(1, 1, ScalarType.Float32), trainsEnds: false);

        var fault = Assert.ThrowsExactly<NotSupportedException>(() => schedule.TimeAt(zeros(1, 1)));

        Assert.Contains("Choose LinearLogSnr or Cosine", fault.Message);
    }

    private static MonotoneScheduleWeights Weights(int seed, double scale, ScalarType type)
    {
        using var generator = new Generator((ulong)seed);
        return new(Raw(1, Hidden), Raw(Hidden), Raw(Hidden, 1), Raw(1), End(NoiseEnd), End(LabelEnd));

        Weight Raw(params long[] shape) => new((randn(shape, generator: generator) * scale).to(type));

        Weight End(double value) => new(full(1, value, dtype: type));
    }
}
