using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using NullaProp.ML.Tests.Support;
using NullaProp.ML.Variants;
using TorchSharp;

namespace NullaProp.ML.Tests.Training;

[TestClass]
public sealed class BlockPassTests
{
    private const int Blocks = 4;
    private const string Head = "block1.head.output.weight";
    private static readonly NoPropOptions Options = new() { Variant = new DiscreteTime { BlockCount = Blocks } };

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

    // The weight of the first block is of the order of e^−12: to its own optimizer it is a constant.
    [TestMethod]
    public void Run_BlockOfATinyWeight_IsTrainedAsWithoutIt()
    {
        var variant = (DiscreteTime)Options.Variant with { LogSnrAtNoise = -20 };
        using var weighted = Trained(Options with { Variant = variant with { LossWeighting = LossWeighting.SnrDerivative } }, [0]);
        using var plain = Trained(Options with { Variant = variant }, [0]);
        using var untrained = TinyModel.Create(Options);

        var (start, expected, actual) = (Values(untrained, Head), Values(plain, Head), Values(weighted, Head));
        var moved = Differences.Largest(start, expected);
        Assert.IsGreaterThan(1e-3, moved);
        Assert.IsLessThan(0.01 * moved, Differences.Largest(expected, actual));
    }

    [TestMethod]
    public void Run_LearnedEmbeddings_AreChangedByEveryBlock()
    {
        var options = Options with { Embedding = Options.Embedding with { Kind = EmbeddingKind.Learned } };
        using var first = Trained(options, [0]);
        using var second = Trained(options, [1]);
        using var untrained = TinyModel.Create(options);

        CollectionAssert.AreNotEqual(Values(untrained, "embedding.rows"), Values(first, "embedding.rows"));
        CollectionAssert.AreNotEqual(Values(first, "embedding.rows"), Values(second, "embedding.rows"));
        CollectionAssert.AreNotEqual(Values(untrained, "readout.weight"), Values(first, "readout.weight"));
    }

    [TestMethod]
    public void Streams_OfEveryBlockSeedAndKind_AreStreamsOfTheirOwn()
    {
        using var model = TinyModel.Create(Options);
        var first = new HashSet<ulong>();

        foreach (var seed in new[] { 0, 1, -1, int.MaxValue })
        {
            using var passes = BlockPass.Of(model, Options, [0, 1, 2, 3], new RandomStreams(seed));
            foreach (var pass in passes.Passes)
            {
                first.Add(pass.Order(0).Word64());
                first.Add(pass.At(0, 0).Stream("noise").Word64());
                first.Add(pass.At(0, 1).Stream("noise").Word64());
            }
        }

        Assert.HasCount(3 * 16, first);
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
        using var steps = BlockPass.Of(model, options, blocks, new RandomStreams(5));
        for (var i = 0; i < 3; i++)
        {
            using var batch = TinyModel.Batch(i, 0, 1, 2, 1);
            foreach (var pass in steps.Passes)
            {
                pass.Step(batch, pass.At(0, i), rate: 0.01).Dispose();
            }
        }
    }

    private static float[] Values(Denoiser model, string name) => [.. TinyModel.Weight(model, name).data<float>()];
}
