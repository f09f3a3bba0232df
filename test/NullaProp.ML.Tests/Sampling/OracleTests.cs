using NullaProp.ML.Diffusion;
using NullaProp.ML.Sampling;

namespace NullaProp.ML.Tests.Sampling;

/// <summary>What the flow computes: the probability flow turns draws from N(0, I) into labels with frequencies p(y|x).</summary>
[TestClass]
public sealed class OracleTests
{
    private const int Draws = 6000;

    // A program apart from this one found 0.501/0.285/0.213 with 100 exponential steps and 0.517/0.295/0.188 with 8, 6,000 draws each.
    [TestMethod]
    [DataRow(OdeSolver.Euler, 100)]
    [DataRow(OdeSolver.Heun, 40)]
    [DataRow(OdeSolver.ExponentialEuler, 100)]
    public void ProbabilityFlow_IdealDenoiser_DrawsClassesAsOftenAsTheyAreTrue(OdeSolver solver, int steps)
    {
        var schedule = new LinearNoiseSchedule(-9, 9);
        var stages = new PlanCompiler(new ProbabilityFlow(), schedule.Levels).Steps(solver, steps).ToArray();
        var logSnrs = stages.Select(stage => stage.Time).Distinct().ToDictionary(time => time, time => schedule.Levels([time])[0].LogSnr);
        var random = new Random(20250328);

        var counts = new int[IdealDenoiser.Prior.Count];
        for (var i = 0; i < Draws; i++)
        {
            var (end, _) = PlanExecution.Run(stages, [Normal(random), Normal(random), Normal(random)], (z, time) => IdealDenoiser.Posterior(z, logSnrs[time]));
            counts[Array.IndexOf(end, end.Max())]++;
        }

        foreach (var (k, p) in IdealDenoiser.Prior.Index())
        {
            // Four standard errors of a frequency, √(p(1−p)/n), 0.026 for p = ½; steps this fine add less than one (the two runs cited differ by 0.02 between 8 and 100).
            Assert.AreEqual(p, (double)counts[k] / Draws, 4 * Math.Sqrt(p * (1 - p) / Draws), $"class {k}");
        }
    }

    [TestMethod]
    public void IdealDenoiser_PureNoise_IsThePlainClassifier()
    {
        // Where nothing of the label is left in z, one evaluation gives p(y|x). √ᾱ/(1−ᾱ) = e^−10 there.
        var posterior = IdealDenoiser.Posterior([1, -1, 0.5], -20);

        foreach (var (expected, actual) in IdealDenoiser.Prior.Zip(posterior))
        {
            Assert.AreEqual(expected, actual, 1e-4);
        }
    }

    // Box and Muller.
    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
