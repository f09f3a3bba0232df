using NullaProp.ML.Diffusion;
using NullaProp.ML.Plan;
using NullaProp.ML.Variants;

namespace NullaProp.ML.Tests.Plan;

/// <summary>What the flow computes: the probability flow turns draws from N(0, I) into labels with frequencies p(y|x).</summary>
[TestClass]
public sealed class OracleTests
{
    private const int Draws = 6000;

    // A program apart from this one found, with 6,000 draws each: 0.501/0.285/0.213 for 100 exponential steps of the flow and
    // 0.517/0.295/0.188 for 8, 0.510/0.293/0.197 for 100 steps of the reverse diffusion and 0.553/0.275/0.172 for 10.
    [TestMethod]
    [DataRow(FlowDynamics.ProbabilityFlow, OdeSolver.Euler, 100)]
    [DataRow(FlowDynamics.ProbabilityFlow, OdeSolver.Heun, 40)]
    [DataRow(FlowDynamics.ProbabilityFlow, OdeSolver.ExponentialEuler, 100)]
    [DataRow(FlowDynamics.ProbabilityFlow, OdeSolver.ExponentialHeun, 20)]
    [DataRow(FlowDynamics.ProbabilityFlow, OdeSolver.Multistep, 40)]
    [DataRow(FlowDynamics.ProbabilityFlow, OdeSolver.Adaptive, 40)]
    [DataRow(FlowDynamics.Ancestral, OdeSolver.ExponentialEuler, 100)]
    public void Dynamics_IdealDenoiser_DrawsClassesAsOftenAsTheyAreTrue(FlowDynamics dynamics, OdeSolver solver, int steps)
    {
        AssertTheirProbabilities(Frequencies(dynamics, solver, steps));
    }

    // The velocity of all paths that cross at z, ideal for the squared error, keeps the frequencies, too.
    [TestMethod]
    [DataRow(VelocityForm.Raw, OdeSolver.Euler, 100)]
    [DataRow(VelocityForm.Raw, OdeSolver.Heun, 40)]
    [DataRow(VelocityForm.Raw, OdeSolver.Multistep, 60)]
    [DataRow(VelocityForm.Raw, OdeSolver.Adaptive, 60)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.Euler, 100)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.Heun, 40)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.ExponentialEuler, 100)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.ExponentialHeun, 20)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.Multistep, 60)]
    [DataRow(VelocityForm.Preconditioned, OdeSolver.Adaptive, 60)]
    public void FlowMatching_IdealVelocity_DrawsClassesAsOftenAsTheyAreTrue(VelocityForm form, OdeSolver solver, int steps)
    {
        var flow = VelocityFlow.Of(form, IdealDenoiser.Prior.Count);
        var stages = new PlanCompiler(flow, times => [.. times.Select(Level)], IdealDenoiser.Prior.Count).Steps(solver, steps).ToArray();

        var frequencies = Frequencies((start, _) => PlanExecution.End(stages, start, Output));

        AssertTheirProbabilities(frequencies);

        static NoiseLevel Level(double time) => new(time, LogSnr: 0, LogSnrRate: 0); // flow matching goes by the time alone

        double[] Output(double[] z, double time) => IdealFlow.Output(form, IdealDenoiser.Prior, z, time);
    }

    [TestMethod]
    [DataRow(OdeSolver.ExponentialEuler, 100)]
    [DataRow(OdeSolver.Multistep, 40)]
    public void ReverseDrift_IdealDenoiser_AlwaysEndsAtTheLikeliestClass(OdeSolver solver, int steps)
    {
        // The same program found 1.000/0.000/0.000: without its noise the reverse diffusion seeks the mode.
        Assert.IsGreaterThan(0.99, Frequencies(FlowDynamics.ReverseDrift, solver, steps)[0]);
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

    // How often each class comes out, by following the plan's stages one by one and adding their noise. ProbabilityFlow and ReverseDrift
    // have none.
    private static double[] Frequencies(FlowDynamics dynamics, OdeSolver solver, int steps)
    {
        var schedule = new LinearNoiseSchedule(-9, 9);
        var stages = new PlanCompiler(Dynamics.Of(dynamics), schedule.Levels, IdealDenoiser.Prior.Count).Steps(solver, steps).ToArray();
        var logSnrs = stages.Select(stage => stage.Time).Distinct().ToDictionary(time => time, time => schedule.Levels([time])[0].LogSnr);
        return Frequencies((start, random) => dynamics == FlowDynamics.Ancestral
            ? Diffuse(stages, start, logSnrs, random)
            : Follow(stages, start, logSnrs));
    }

    private static double[] Frequencies(Func<double[], Random, double[]> end)
    {
        var random = new Random(20250328);
        var counts = new double[IdealDenoiser.Prior.Count];
        for (var i = 0; i < Draws; i++)
        {
            var label = end([Gauss.Next(random), Gauss.Next(random), Gauss.Next(random)], random);
            counts[Array.IndexOf(label, label.Max())] += 1.0 / Draws;
        }

        return counts;
    }

    // Four standard errors of a frequency, √(p(1−p)/n), 0.026 for p = ½, which takes in what steps this fine add: 0.005 for the reverse
    // diffusion, less for the flows.
    private static void AssertTheirProbabilities(double[] frequencies)
    {
        foreach (var (k, p) in IdealDenoiser.Prior.Index())
        {
            Assert.AreEqual(p, frequencies[k], 4 * Math.Sqrt(p * (1 - p) / Draws), $"class {k}");
        }
    }

    private static double[] Follow(IEnumerable<SamplingStage> stages, double[] start, Dictionary<double, double> logSnrs) =>
        PlanExecution.End(stages, start, (z, time) => IdealDenoiser.Posterior(z, logSnrs[time]));

    private static double[] Diffuse(SamplingStage[] stages, double[] start, Dictionary<double, double> logSnrs, Random random) =>
        stages.Aggregate(start, (z, stage) => [.. Follow([stage], z, logSnrs).Select(mean => mean + (stage.Noise * Gauss.Next(random)))]);
}
