using NullaProp.ML.Scoring;

namespace NullaProp.ML.Tests.Scoring;

[TestClass]
public sealed class RowScoresTests
{
    [TestMethod]
    [DataRow(new[] { 1f, 0f, 0f }, 0.0)]
    [DataRow(new[] { 0.5f, 0.5f }, 0.6931471805599453)] // ln 2
    [DataRow(new[] { 0.25f, 0.25f, 0.25f, 0.25f }, 1.3862943611198906)] // 2·ln 2
    [DataRow(new[] { 0.5f, 0.25f, 0.25f }, 1.0397207708399179)] // 1.5·ln 2
    [DataRow(new[] { 0.9f, 0.1f, 0f }, 0.3250829733914482)] // −0.9·ln 0.9 − 0.1·ln 0.1
    public void Entropy_KnownProbabilities_IsTheHandValue(float[] probabilities, double expected) =>
        Assert.AreEqual(expected, new RowScores(probabilities, 0).Entropy, 1e-7); // probabilities in single precision

    // Probabilities that sum to 1 up to rounding: the result must stay in its range all the same.
    [TestMethod]
    [DataRow(new[] { 1.000001f, 0f }, 0f)]
    [DataRow(new[] { 0.25001f, 0.25001f, 0.25001f, 0.25001f }, 1.3862944f)] // ln 4
    public void Entropy_SumARoundingAboveOne_StaysInItsRange(float[] probabilities, float expected) =>
        Assert.AreEqual(expected, new RowScores(probabilities, 0).Entropy);
}
