using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class DropoutTests
{
    [TestMethod]
    public void Forward_InTraining_DropsItsShareAndScalesTheRest()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        var values = Create(weights, 0.2).Forward(ones(100, 100), TinyModel.Training()).data<float>().ToArray();

        CollectionAssert.AreEquivalent(new[] { 0f, 1.25f }, values.Distinct().ToArray());
        // The share of 10,000 draws deviates by 0.004.
        Assert.AreEqual(0.2, values.Count(value => value == 0) / 10_000.0, 0.02);
    }

    [TestMethod]
    public void Forward_SameSeed_DropsTheSame()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var dropout = Create(weights, 0.5);

        var equal = dropout.Forward(ones(50), TinyModel.Training(3)).equal(dropout.Forward(ones(50), TinyModel.Training(3)));

        Assert.IsTrue(equal.all().item<bool>());
    }

    [TestMethod]
    public void Forward_InScoring_ChangesNothing()
    {
        using var x = ones(3);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        Assert.AreSame(x, Create(weights, 0.5).Forward(x, training: null));
    }

    private static Dropout Create(Weights weights, double share) => new(weights.Under("dropout"), share);
}
