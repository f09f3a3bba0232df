using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.Training;
using NullaProp.ML.Variants;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class TrainingPassesTests
{
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime, typeof(JointPass))]
    [DataRow(VariantKind.DiscreteTime, typeof(BlockPass))]
    [DataRow(VariantKind.FlowMatching, typeof(JointPass))]
    [DataRow(VariantKind.CrossEntropyBaseline, typeof(JointPass))]
    public void Of_Variant_IsItsPass(VariantKind variant, Type expected)
    {
        var options = new NoPropOptions { Variant = variant.Create(new DiscreteTime { BlockCount = 2 }) };
        using var model = TinyModel.Create(options);

        using var steps = options.Variant.Passes(model, options, new RandomStreams(1));

        Assert.HasCount(variant == VariantKind.DiscreteTime ? 2 : 1, steps.Passes);
        Assert.IsInstanceOfType(steps.Passes[^1], expected);
    }

    // A matrix of K×K would take 8.8 GB.
    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.DiscreteTime)]
    [DataRow(VariantKind.FlowMatching)]
    public void Step_OneHotOfManyClasses_NeedsNoMatrix(VariantKind variant)
    {
        const int classes = 47_000;
        // which reads the noisy label
        var options = new NoPropOptions
        {
            Variant = variant.Create(
                new ContinuousTime { NoiseSchedule = NoiseScheduleKind.LearnedJointly },
                new DiscreteTime { BlockCount = 1 }),
        };
        using var model = TinyModel.Create(options, classes);
        using var batch = TinyModel.Batch(1, 0, 46_999);
        using var passes = options.Variant.Passes(model, options, new RandomStreams(1));

        using var terms = passes.Passes[0].Step(batch, passes.Passes[0].At(0, 0), rate: 0.01);

        Assert.IsTrue(terms.isfinite().all().item<bool>());
        Assert.AreEqual(1, model.Embedding.MeanNorm());
    }
}
