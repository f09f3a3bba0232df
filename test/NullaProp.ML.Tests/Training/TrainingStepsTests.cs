using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class TrainingStepsTests
{
    [TestMethod]
    [DataRow(NoPropVariant.ContinuousTime, typeof(JointStep))]
    [DataRow(NoPropVariant.DiscreteTime, typeof(BlockStep))]
    [DataRow(NoPropVariant.FlowMatching, typeof(JointStep))]
    [DataRow(NoPropVariant.CrossEntropyBaseline, typeof(JointStep))]
    public void Of_Variant_IsItsStep(NoPropVariant variant, Type expected)
    {
        var options = new NoPropOptions { Variant = variant, BlockCount = 2 };
        using var model = TinyModel.Create(options);
        using var generator = new Generator(1);

        using var steps = TrainingSteps.Of(model, options, generator, seed: 1);

        Assert.HasCount(variant == NoPropVariant.DiscreteTime ? 2 : 1, steps.Passes);
        Assert.IsInstanceOfType(steps.Passes[^1], expected);
    }

    [TestMethod]
    public void Of_UnknownVariant_Throws()
    {
        using var model = TinyModel.Create();
        using var generator = new Generator(1);

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => TrainingSteps.Of(model, new NoPropOptions { Variant = (NoPropVariant)99 }, generator, seed: 1));
    }
}
