using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class AncestralTests
{
    // Ten steps of the cosine f(1−t/10)/f(0), clipped to [0.0001, 0.999], by a program apart from this one.
    [TestMethod]
    [DataRow(1, 0.1546, 0.0629, 0.9859)]
    [DataRow(5, 0.3304, 0.6379, 0.4878)]
    [DataRow(8, 0.5534, 0.4448, 0.2432)]
    [DataRow(9, 0.7348, 0.2649, 0.1442)]
    [DataRow(10, 0.9646, 0.0353, 0.0311)]
    public void Transition_CosineInTenSteps_HasTheKnownFactors(int t, double prediction, double state, double noise)
    {
        var (from, to) = (Cosine(t - 1), Cosine(t));

        var step = new Ancestral().Transition(from, to);

        // Known to four digits.
        Assert.AreEqual(prediction, step.Prediction, 6e-5);
        Assert.AreEqual(state, step.State, 6e-5);
        Assert.AreEqual(noise, new Ancestral().NoiseScale(from, to), 6e-5);
    }

    // From a noisy label of one level the step makes a noisy label of the other, whatever the step: √ᾱ₁ of the label, variance 1−ᾱ₁.
    [TestMethod]
    [DataRow(-9.0, 9.0)]
    [DataRow(-5.0, -4.9)]
    [DataRow(0.0, 1e-6)]
    [DataRow(4.0, 12.0)]
    public void Transition_ExactPrediction_KeepsTheTrainingDistribution(double start, double end)
    {
        var (from, to) = (new NoiseLevel(0, start, 1), new NoiseLevel(1, end, 1));

        var (step, noise) = (new Ancestral().Transition(from, to), new Ancestral().NoiseScale(from, to));

        Assert.AreEqual(to.Signal, (step.State * from.Signal) + step.Prediction, 1e-14);
        Assert.AreEqual(to.NoiseVariance, (step.State * step.State * from.NoiseVariance) + (noise * noise), 1e-14);
    }

    private static NoiseLevel Cosine(int t)
    {
        var alphaBar = Math.Clamp(Share(1 - (t / 10.0)) / Share(0), 1e-4, 0.999);
        return new(t / 10.0, Math.Log(alphaBar / (1 - alphaBar)), 1);
    }

    private static double Share(double v) => Math.Pow(Math.Cos((v + 0.008) / 1.008 * Math.PI / 2), 2);
}
