using NullaProp.ML.Scoring;

namespace NullaProp.ML.Tests.Scoring;

[TestClass]
public sealed class DisagreementTests
{
    [TestMethod]
    [DataRow(new[] { 0.2f, 0.7f, 0.1f }, new[] { 1L, 1L, 1L }, 0f)]
    [DataRow(new[] { 0.2f, 0.7f, 0.1f }, new[] { 1L, 0L, 1L, 2L }, 0.5f)]
    [DataRow(new[] { 0.2f, 0.7f, 0.1f }, new[] { 1L, 1L, 2L, 1L }, 0.25f)]
    [DataRow(new[] { 0.4f, 0.35f, 0.25f }, new[] { 1L, 2L }, 1f)] // the mean's class is that of no draw
    [DataRow(new[] { 0.5f, 0.5f }, new[] { 0L, 1L }, 0.5f)] // of equal ones the first is predicted
    [DataRow(new[] { 0.5f, 0.5f }, new[] { 1L, 1L }, 1f)]
    public void Of_Votes_IsTheShareOfThoseForOtherClasses(float[] probabilities, long[] votes, float expected) =>
        Assert.AreEqual(expected, Disagreement.Of(probabilities, votes));
}
