using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class BlockwiseStepTests
{
    private const int Blocks = 4;
    private static readonly NoPropOptions Options = new() { Variant = NoPropVariant.DiscreteTime, BlockCount = Blocks };

    // Of 4 blocks, so that others come before and after it.
    [TestMethod]
    public void Run_BlockThreeAlone_GivesBitIdenticalWeightsToAllTogether()
    {
        using var together = Trained(Options, [.. Enumerable.Range(0, Blocks)]);
        using var alone = Trained(Options, [2]);
        using var untrained = TinyModel.Create(Options);

        foreach (var (name, value) in alone.Weights.Trained)
        {
            var isTrained = name.StartsWith("block3.", StringComparison.Ordinal);
            CollectionAssert.AreEqual(Values(isTrained ? together : untrained, name), value.data<float>().ToArray(), name);
        }

        CollectionAssert.AreNotEqual(Values(untrained, "block3.backbone.conv1.weight"), Values(alone, "block3.backbone.conv1.weight"));
    }

    [TestMethod]
    public void Run_LearnedEmbeddings_AreChangedByEveryBlock()
    {
        var options = Options with { Embedding = EmbeddingKind.Learned };
        using var first = Trained(options, [0]);
        using var second = Trained(options, [1]);
        using var untrained = TinyModel.Create(options);

        CollectionAssert.AreNotEqual(Values(untrained, "embedding.rows"), Values(first, "embedding.rows"));
        CollectionAssert.AreNotEqual(Values(first, "embedding.rows"), Values(second, "embedding.rows"));
        CollectionAssert.AreNotEqual(Values(untrained, "readout.weight"), Values(first, "readout.weight"));
    }

    [TestMethod]
    public void Run_AnyBatch_ReturnsTheMeanOfTheBlocksTerms()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create(Options);
        using var batch = TinyModel.Batch(3, 0, 1, 2);
        using var all = new BlockwiseStep(model, Options, [0, 1], seed: 5);
        using var first = new BlockwiseStep(model, Options, [0], seed: 5);
        using var second = new BlockwiseStep(model, Options, [1], seed: 5);

        var terms = all.Run(batch, rate: 0);

        Assert.IsTrue(terms.allclose((first.Run(batch, rate: 0) + second.Run(batch, rate: 0)) / 2, rtol: 0, atol: 1e-6)); // a mean in another order
    }

    [TestMethod]
    public void Dispose_AfterARun_LeavesNoTensor()
    {
        using var model = TinyModel.Create(Options);
        using var batch = TinyModel.Batch(3, 0, 1, 2);
        using (var step = new BlockwiseStep(model, Options, [0, 1, 2, 3], seed: 5))
        {
            step.Run(batch, rate: 0.1).Dispose(); // makes the gradients
        }

        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        using (var step = new BlockwiseStep(model, Options, [0, 1, 2, 3], seed: 5))
        {
            step.Run(batch, rate: 0.1).Dispose();
        }

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static Denoiser Trained(NoPropOptions options, int[] blocks)
    {
        var model = TinyModel.Create(options);
        using var step = new BlockwiseStep(model, options, blocks, seed: 5);
        for (var i = 0; i < 3; i++)
        {
            using var batch = TinyModel.Batch(i, 0, 1, 2, 1);
            step.Run(batch, rate: 0.01).Dispose();
        }

        return model;
    }

    private static float[] Values(Denoiser model, string name) => [.. TinyModel.Weight(model, name).data<float>()];
}
