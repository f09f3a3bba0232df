using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class TrainingPassesTests
{
    [TestMethod]
    [DataRow(NoPropVariant.ContinuousTime, typeof(JointPass))]
    [DataRow(NoPropVariant.DiscreteTime, typeof(BlockPass))]
    [DataRow(NoPropVariant.FlowMatching, typeof(JointPass))]
    [DataRow(NoPropVariant.CrossEntropyBaseline, typeof(JointPass))]
    public void Of_Variant_IsItsPass(NoPropVariant variant, Type expected)
    {
        var options = new NoPropOptions { Variant = variant, BlockCount = 2 };
        using var model = TinyModel.Create(options);

        using var steps = TrainingPasses.Of(model, options, new RandomStreams(1));

        Assert.HasCount(variant == NoPropVariant.DiscreteTime ? 2 : 1, steps.Passes);
        Assert.IsInstanceOfType(steps.Passes[^1], expected);
    }

    // A matrix of K×K would take 8.8 GB.
    [TestMethod]
    [DataRow(NoPropVariant.ContinuousTime)]
    [DataRow(NoPropVariant.DiscreteTime)]
    [DataRow(NoPropVariant.FlowMatching)]
    public void Step_OneHotOfManyClasses_NeedsNoMatrix(NoPropVariant variant)
    {
        const int classes = 47_000;
        var options = new NoPropOptions { Variant = variant, BlockCount = 1, NoiseSchedule = NoiseScheduleKind.LearnedJointly }; // which reads the noisy label
        using var model = TinyModel.Create(options, classes);
        using var batch = TinyModel.Batch(1, 0, 46_999);
        using var passes = TrainingPasses.Of(model, options, new RandomStreams(1));

        using var terms = passes.Passes[0].Step(batch, passes.Passes[0].At(0, 0), rate: 0.01);

        Assert.IsTrue(terms.isfinite().all().item<bool>());
        Assert.AreEqual(1, model.Embedding.MeanNorm());
    }

    [TestMethod]
    public void Of_UnknownVariant_Throws()
    {
        using var model = TinyModel.Create();

        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => TrainingPasses.Of(model, new NoPropOptions { Variant = (NoPropVariant)99 }, new RandomStreams(1)));
    }
}
