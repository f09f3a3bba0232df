using CsCheck;
using NullaProp.ML.Diffusion;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class NoiseLevelsTests
{
    // Single precision carries 7 digits; numbers here are near 1.
    private const double SingleRounding = 1e-6;

    [TestMethod]
    public void AddNoise_KnownNoise_MixesByTheRootsOfTheShares()
    {
        using var scope = NewDisposeScope();
        var levels = Levels([Math.Log(3)]); // ᾱ = 3/4

        var z = levels.AddNoise(tensor(new[] { 2f, -1f }).view(1, 2), tensor(new[] { 4f, 6f }).view(1, 2));

        // √(3/4)·2 + √(1/4)·4 and √(3/4)·(−1) + √(1/4)·6
        Assert.AreEqual(Math.Sqrt(3) + 2, z[0, 0].item<float>(), 4 * SingleRounding);
        Assert.AreEqual(3 - (Math.Sqrt(3) / 2), z[0, 1].item<float>(), 4 * SingleRounding);
    }

    [TestMethod]
    [DataRow(-3.0)]
    [DataRow(0.4)]
    [DataRow(3.0)]
    public void AddNoise_ManyDraws_HasTheMeanAndVarianceOfThePath(double logSnr)
    {
        const int draws = 40_000;
        const double clean = 1.5;
        using var scope = NewDisposeScope();
        using var generator = new Generator(7);
        var level = new NoiseLevel(0, logSnr, 1);
        var levels = Levels(Enumerable.Repeat(logSnr, draws));

        var z = levels
            .AddNoise(full(draws, 1, clean, dtype: ScalarType.Float32), randn(draws, 1, generator: generator))
            .to(ScalarType.Float64);

        // Five standard errors: √(v/n) for the mean, v·√(2/n) for the variance of a normal sample.
        var mean = z.mean().item<double>();
        var variance = z.var().item<double>();
        Assert.AreEqual(level.Signal * clean, mean, 5 * Math.Sqrt(level.NoiseVariance / draws));
        Assert.AreEqual(level.NoiseVariance, variance, 5 * level.NoiseVariance * Math.Sqrt(2.0 / draws));
    }

    [TestMethod]
    public void AddNoise_LevelsOfABatch_ApplyRowByRow()
    {
        using var scope = NewDisposeScope();
        var levels = Levels([-2, 0, 2]);
        var (clean, epsilon) = (ones(3, 2), full(3, 2, 0.5f));

        var z = levels.AddNoise(clean, epsilon);

        CollectionAssert.AreEqual(new long[] { 3, 2 }, z.shape);
        foreach (var (row, logSnr) in new[] { -2.0, 0, 2 }.Index())
        {
            var level = new NoiseLevel(0, logSnr, 1);
            Assert.AreEqual(level.Signal + (0.5 * level.Noise), z[row, 1].item<float>(), SingleRounding);
        }
    }

    // SNR′ at t = 0.4 of γ linear from 5 to −5, ᾱ = sigmoid(−γ/c), found by finite differences in a program apart from this one.
    // By hand: 10·e^−1 for c = 1 and 5·e^−½ for c = 2.
    [TestMethod]
    [DataRow(5.0, 3.678794)]
    [DataRow(2.5, 3.032653)]
    public void SnrRate_LinearSchedule_IsTheKnownNumber(double end, double known)
    {
        using var scope = NewDisposeScope();
        var schedule = new LinearNoiseSchedule(-end, end);

        var rate = schedule.At(full(1, 1, 0.4f)).SnrRate().item<float>();

        // Known to six digits; single precision carries seven.
        Assert.AreEqual(known, rate, 2e-6);
    }

    [TestMethod]
    public void Tensors_AnyLogSnr_EqualTheScalarLevel()
    {
        double[] logSnrs = [-20, -7, -1, 0, 1, 5, 20];
        using var scope = NewDisposeScope();
        var levels = Levels(logSnrs);

        foreach (var (row, logSnr) in logSnrs.Index())
        {
            var level = new NoiseLevel(0, logSnr, 1);
            // Relative to the number itself: each spans many powers of ten.
            Assert.AreEqual(1, levels.AlphaBar()[row, 0].item<float>() / level.AlphaBar, SingleRounding);
            Assert.AreEqual(1, levels.NoiseVariance()[row, 0].item<float>() / level.NoiseVariance, SingleRounding);
            Assert.AreEqual(1, levels.Snr()[row, 0].item<float>() / level.Snr, SingleRounding);
            Assert.AreEqual(1, levels.SnrRate()[row, 0].item<float>() / (level.LogSnrRate * level.Snr), SingleRounding);
        }
    }

    private static NoiseLevels Levels(IEnumerable<double> logSnrs)
    {
        var logSnr = tensor(logSnrs.Select(x => (float)x).ToArray()).unsqueeze(1); // (B, 1)
        return new NoiseLevels(logSnr, ones_like(logSnr));
    }

    // Of any ends, at any times: the log-SNR never falls on the way to the label, and stays between its ends.
    [TestMethod]
    public void Levels_AnySchedule_RiseBetweenTheEnds() =>
        Gen.Select(Gen.Double[-20, 19], Gen.Double[0.05, 20], Gen.Double[0, 1].Array[2, 40], Gen.Int[1, 1000]).Sample(
            drawn =>
            {
                var (noise, width, times, seed) = drawn;
                var label = Math.Min(20, noise + width);
                using var model = TinyModel.Create(
                    new() { Variant = new ContinuousTime { LogSnrAtNoise = noise, LogSnrAtLabel = label } }, seed: seed);
                double[] sorted = [0, .. times.Order(), 1];
                foreach (var schedule in new[]
                {
                    new LinearNoiseSchedule(noise, label),
                    new CosineNoiseSchedule(noise, label),
                    model.Schedule,
                })
                {
                    var levels = schedule.Levels(sorted);

                    foreach (var (before, after) in levels.Zip(levels.Skip(1)))
                    {
                        Assert.IsGreaterThanOrEqualTo(
                            before.LogSnr - 1e-6,
                            after.LogSnr,
                            $"{schedule.GetType().Name} from t = {before.Time}");
                    }

                    Assert.AreEqual(noise, levels[0].LogSnr, 1e-4);
                    Assert.AreEqual(label, levels[^1].LogSnr, 1e-4);
                }
            },
            iter: 100,
            threads: 1);
}
