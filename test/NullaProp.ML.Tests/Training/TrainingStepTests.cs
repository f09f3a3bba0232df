using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class TrainingStepTests
{
    [TestMethod]
    [DataRow(NoPropVariant.ContinuousTime, typeof(JointStep))]
    [DataRow(NoPropVariant.DiscreteTime, typeof(BlockwiseStep))]
    [DataRow(NoPropVariant.FlowMatching, typeof(JointStep))]
    [DataRow(NoPropVariant.CrossEntropyBaseline, typeof(JointStep))]
    public void Of_Variant_IsItsStep(NoPropVariant variant, Type expected)
    {
        var options = new NoPropOptions { Variant = variant, BlockCount = 2 };
        using var model = TinyModel.Create(options);
        using var generator = new Generator(1);

        using var step = TrainingStep.Of(model, options, generator, seed: 1);

        Assert.IsInstanceOfType(step, expected);
    }

    [TestMethod]
    public void Of_UnknownVariant_Throws()
    {
        using var model = TinyModel.Create();
        using var generator = new Generator(1);

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => TrainingStep.Of(model, new NoPropOptions { Variant = (NoPropVariant)99 }, generator, seed: 1));
    }
}
