using NullaProp.ML.Diffusion;

namespace NullaProp.ML.Tests.Diffusion;

[TestClass]
public sealed class NoiseLevelTests
{
    // A double carries 15 to 16 digits; the formulas are one or two operations deep.
    private const double Rounding = 1e-14;

    [TestMethod]
    [DataRow(0.0, 0.5, 0.5, 1.0)] // even odds
    [DataRow(1.0986122886681098, 0.75, 0.25, 3.0)] // λ = ln 3
    [DataRow(-2.1972245773362196, 0.1, 0.9, 1.0 / 9)] // λ = −ln 9
    public void Shares_LogSnrByHand_AreOddsTurnedToShares(double logSnr, double alphaBar, double noiseVariance, double snr)
    {
        var level = new NoiseLevel(0.5, logSnr, 1);

        Assert.AreEqual(alphaBar, level.AlphaBar, Rounding);
        Assert.AreEqual(noiseVariance, level.NoiseVariance, Rounding);
        Assert.AreEqual(snr, level.Snr, Rounding);
        Assert.AreEqual(Math.Sqrt(alphaBar), level.Signal, Rounding);
        Assert.AreEqual(Math.Sqrt(noiseVariance), level.Noise, Rounding);
    }

    // sigmoid(λ) at the ends of the schedules that NoProp projects use, to four digits by a table.
    [TestMethod]
    [DataRow(-5, 0.0067)]
    [DataRow(-2.5, 0.0759)]
    [DataRow(2.5, 0.9241)]
    [DataRow(5, 0.9933)]
    public void AlphaBar_EndsOfKnownSchedules_AreTheTabledNumbers(double logSnr, double tabled)
    {
        // Half of the fourth digit.
        Assert.AreEqual(tabled, new NoiseLevel(0, logSnr, 1).AlphaBar, 5e-5);
    }

    [TestMethod]
    [DataRow(-700)]
    [DataRow(-40)]
    [DataRow(-20)]
    [DataRow(0)]
    [DataRow(20)]
    [DataRow(40)]
    [DataRow(700)]
    public void Shares_ExtremeLogSnr_AddUpToOneAndNeitherVanishes(double logSnr)
    {
        var level = new NoiseLevel(0, logSnr, 1);

        Assert.AreEqual(1, level.AlphaBar + level.NoiseVariance, Rounding);
        Assert.IsGreaterThan(0, level.AlphaBar);
        Assert.IsGreaterThan(0, level.NoiseVariance);
    }

    [TestMethod]
    public void NoiseVariance_HighSnr_HasNoCancellation()
    {
        var level = new NoiseLevel(1, 40, 1);

        // 1 − ᾱ = 1/(1 + e^40); a subtraction from 1 would give 0. Relative, as the number is 4e-18.
        Assert.AreEqual(1, level.NoiseVariance * (1 + Math.Exp(40)), Rounding);
    }
}
