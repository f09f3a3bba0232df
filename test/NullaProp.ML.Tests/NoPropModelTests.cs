using Microsoft.ML;
using NullaProp.ML.Tests.Support;

namespace NullaProp.ML.Tests;

/// <summary>What a trained model says of its classes.</summary>
[TestClass]
public sealed class NoPropModelTests
{
    private static readonly MLContext Context = new(seed: 1);

    [TestMethod]
    public void Classes_ScoresOfARow_AreNamedAndSorted()
    {
        using var model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));

        var classes = model.Model.Classes([0.2f, 0.5f, 0.3f]);
        var best = model.Model.Classes([0.4f, 0.2f, 0.4f], most: 2);

        CollectionAssert.AreEqual(new[] { ("dog", 0.5f), ("owl", 0.3f), ("cat", 0.2f) }, classes.ToArray());
        CollectionAssert.AreEqual(new[] { ("cat", 0.4f), ("owl", 0.4f) }, best.ToArray());
    }

    [TestMethod]
    public void Classes_ScoresOfAnotherModel_AreRefused()
    {
        using var model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));

        var fault = Assert.ThrowsExactly<ArgumentException>(() => model.Model.Classes([0.5f, 0.5f]));

        Assert.Contains(
            "There are 2 scores, but the model has 3 classes. Give the values of one row of column 'Score'; ML.NET fills a property of "
            + "that name alone.",
            fault.Message);
    }

    [TestMethod]
    public void ClassOrNone_ScoreBelowTheThreshold_IsNone()
    {
        using var model = TinyImages.Trainer(Context).Fit(TinyImages.Keys(Context));

        Assert.AreEqual("dog", model.Model.ClassOrNone([0.2f, 0.5f, 0.3f], threshold: 0.5f));
        Assert.IsNull(model.Model.ClassOrNone([0.2f, 0.5f, 0.3f], threshold: 0.51f));
        Assert.IsNull(model.Model.ClassOrNone([0.2f, 0.5f, float.NaN], threshold: 0));
        Assert.ThrowsExactly<ArgumentException>(() => model.Model.ClassOrNone([0.5f, 0.5f], threshold: 0));
        Assert.IsNull(model.Model.ClassOrNone([0.2f, 0.5f, 0.3f], threshold: MathF.BitIncrement(1))); // a sum of shares, rounded
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Model.ClassOrNone([0.2f, 0.5f, 0.3f], threshold: 95));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => model.Model.ClassOrNone([0.2f, 0.5f, 0.3f], float.NaN));
    }
}
