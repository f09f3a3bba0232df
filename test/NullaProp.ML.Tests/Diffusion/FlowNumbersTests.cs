using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

/// <summary>The flows against numbers computed elsewhere.</summary>
[TestClass]
public sealed class FlowNumbersTests
{
    // γ linear from 5 to −5, ᾱ = sigmoid(−γ/c), z₀ = −1.3, prediction 0.7, t from 0.05 to 0.93, by fourth-order Runge-Kutta of 20,000 steps
    // in a program apart from this one. The end of λ is 5/c.
    [TestMethod]
    [DataRow(FlowDynamics.ProbabilityFlow, 5.0, 0.535516811)]
    [DataRow(FlowDynamics.SimplifiedFlow, 5.0, 0.699476891)]
    [DataRow(FlowDynamics.ProbabilityFlow, 2.5, 0.147594718)]
    [DataRow(FlowDynamics.SimplifiedFlow, 2.5, 0.547828127)]
    [DataRow(FlowDynamics.ReverseDrift, 5.0, 0.693337094)]
    [DataRow(FlowDynamics.ReverseDrift, 2.5, 0.605427709)]
    public void Transition_KnownStep_EndsAtTheKnownNumber(FlowDynamics kind, double end, double known)
    {
        var levels = new LinearNoiseSchedule(-end, end).Levels([0.05, 0.93]);

        var step = Dynamics.Of(kind).Transition(levels[0], levels[1]);

        // Known to nine digits.
        Assert.AreEqual(known, (step.State * -1.3) + (step.Prediction * 0.7), 6e-10);
    }

    // By the same program: from N(0, I) at t = 0 with a constant true prediction, the factor of u and the deviation at t.
    [TestMethod]
    [DataRow(FlowDynamics.ProbabilityFlow, 2.5, 0.5, 0.505, 0.736)]
    [DataRow(FlowDynamics.SimplifiedFlow, 2.5, 0.5, 0.495, 0.505)]
    [DataRow(FlowDynamics.ProbabilityFlow, 2.5, 1.0, 0.882, 0.287)]
    [DataRow(FlowDynamics.SimplifiedFlow, 2.5, 1.0, 0.967, 0.033)]
    [DataRow(FlowDynamics.ProbabilityFlow, 5.0, 0.5, 0.649, 0.709)]
    [DataRow(FlowDynamics.SimplifiedFlow, 5.0, 0.5, 0.451, 0.549)]
    [DataRow(FlowDynamics.ReverseDrift, 2.5, 0.5, 0.649, 0.211)]
    [DataRow(FlowDynamics.ReverseDrift, 2.5, 1.0, 0.955, 0.024)]
    [DataRow(FlowDynamics.ReverseDrift, 5.0, 0.5, 0.702, 0.058)]
    public void Transition_FromPureNoise_HasTheKnownMeanAndDeviation(
        FlowDynamics kind,
        double end,
        double time,
        double mean,
        double deviation)
    {
        var levels = new LinearNoiseSchedule(-end, end).Levels([0, time]);

        var step = Dynamics.Of(kind).Transition(levels[0], levels[1]);

        // Known to three digits.
        Assert.AreEqual(mean, step.Prediction, 6e-4);
        Assert.AreEqual(deviation, step.State, 6e-4);
    }

    [TestMethod]
    public void ProbabilityFlowRate_EvenOdds_IsTheFormulaByHand()
    {
        // λ = 0, λ′ = 10: ½·10·(√½·û − ½·z)
        var rate = new ProbabilityFlow().Rate(new NoiseLevel(0.5, 0, 10));

        Assert.AreEqual(-2.5, rate.State, 1e-14);
        Assert.AreEqual(5 / Math.Sqrt(2), rate.Prediction, 1e-14);
    }

    [TestMethod]
    public void SimplifiedFlowRate_AnyLevel_IsOnePlusSnr()
    {
        // At λ = 5 the rate is 1 + e⁵ = 149.4.
        var rate = new SimplifiedFlow().Rate(new NoiseLevel(1, 5, 10));

        Assert.AreEqual(149.4, rate.Prediction, 0.05);
        Assert.AreEqual(-(1 + Math.Exp(5)), rate.State, 1e-11);
    }

    [TestMethod]
    public void SimplifiedFlowTransition_LevelThatDoesNotChange_IsTheLimit()
    {
        var (from, to) = (new NoiseLevel(0.2, 1, 0), new NoiseLevel(0.5, 1, 0));

        var step = new SimplifiedFlow().Transition(from, to);

        // ∫(1 + SNR)dt = 0.3·(1 + e)
        Assert.AreEqual(Math.Exp(-0.3 * (1 + Math.E)), step.State, 1e-14);
    }

    [TestMethod]
    [DataRow(1e-10)]
    [DataRow(1e-8)]
    [DataRow(1e-6)]
    public void SimplifiedFlowTransition_LevelThatHardlyChanges_IsNearTheLimit(double rise)
    {
        var (from, to) = (new NoiseLevel(0.2, 1, 0), new NoiseLevel(0.5, 1 + rise, 0));

        var step = new SimplifiedFlow().Transition(from, to);

        // A difference of two SNRs over so small a rise loses digits: 1e-16/1e-9 of them at worst.
        Assert.AreEqual(Math.Exp(-0.3 * (1 + Math.E)), step.State, 2e-7 + rise);
    }
}
