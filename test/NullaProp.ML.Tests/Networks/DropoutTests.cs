using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class DropoutTests
{
    [TestMethod]
    public void Forward_InTraining_DropsItsShareAndScalesTheRest()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);

        var values = new Dropout(0.2).Forward(ones(100, 100), new TrainingPass(generator)).data<float>().ToArray();

        CollectionAssert.AreEquivalent(new[] { 0f, 1.25f }, values.Distinct().ToArray());
        // The share of 10,000 draws deviates by 0.004.
        Assert.AreEqual(0.2, values.Count(value => value == 0) / 10_000.0, 0.02);
    }

    [TestMethod]
    public void Forward_SameSeed_DropsTheSame()
    {
        using var scope = NewDisposeScope();
        using var first = new Generator(3);
        using var second = new Generator(3);
        var dropout = new Dropout(0.5);

        var equal = dropout.Forward(ones(50), new TrainingPass(first)).equal(dropout.Forward(ones(50), new TrainingPass(second)));

        Assert.IsTrue(equal.all().item<bool>());
    }

    [TestMethod]
    public void Forward_InScoring_ChangesNothing()
    {
        using var x = ones(3);

        Assert.AreSame(x, new Dropout(0.5).Forward(x, pass: null));
    }
}
