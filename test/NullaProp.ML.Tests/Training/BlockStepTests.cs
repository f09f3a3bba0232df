using NullaProp.ML.Networks;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class BlockStepTests
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
    public void Random_OfEveryBlockAndSeed_IsAStreamOfItsOwn()
    {
        using var model = TinyModel.Create(Options);
        var first = new HashSet<long>();

        foreach (var seed in new[] { 0, 1, -1, int.MaxValue })
        {
            using var steps = TrainingSteps.OfBlocks(model, Options, [0, 1, 2, 3], seed);
            foreach (var pass in steps.Passes)
            {
                using var number = randint(long.MaxValue, [1], dtype: ScalarType.Int64, generator: pass.Random);
                first.Add(number.item<long>());
            }
        }

        Assert.HasCount(16, first);
    }

    [TestMethod]
    public void Dispose_AfterARun_LeavesNoTensor()
    {
        using var model = TinyModel.Create(Options);
        Train(model, Options, [0, 1, 2, 3]); // makes the gradients
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        Train(model, Options, [0, 1, 2, 3]);

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static Denoiser Trained(NoPropOptions options, int[] blocks)
    {
        var model = TinyModel.Create(options);
        Train(model, options, blocks);
        return model;
    }

    private static void Train(Denoiser model, NoPropOptions options, int[] blocks)
    {
        using var steps = TrainingSteps.OfBlocks(model, options, blocks, seed: 5);
        for (var i = 0; i < 3; i++)
        {
            using var batch = TinyModel.Batch(i, 0, 1, 2, 1);
            foreach (var pass in steps.Passes)
            {
                pass.Run(batch, rate: 0.01).Dispose();
            }
        }
    }

    private static float[] Values(Denoiser model, string name) => [.. TinyModel.Weight(model, name).data<float>()];
}
