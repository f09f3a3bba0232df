using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Support;
using TorchSharp;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class DenoiserTests
{
    // The smallest, odd sides (pooling drops a row), many channels, one class more than usual.
    [TestMethod]
    [DataRow(1, 8, 8, 2)]
    [DataRow(1, 9, 13, 3)]
    [DataRow(5, 8, 8, 4)]
    [DataRow(3, 33, 17, 11)]
    public void Logits_AnyShape_AreOneRowAnImage(int channels, int height, int width, int classes)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var model = new Denoiser(
            Weights.Drawn(new RandomStreams(1), CPU),
            TinyModel.Small(new NoPropOptions()),
            new ImageShape(channels, height, width),
            classes);

        var share = model.ImageShare(rand([6, channels, height, width], generator: generator));
        var logits = model.Logits(share, randn(6, model.Embedding.Dimension, generator: generator), rand(6, 1, generator: generator));

        CollectionAssert.AreEqual(new long[] { 6, 8 }, share.shape);
        CollectionAssert.AreEqual(new long[] { 6, classes }, logits.shape);
        Assert.IsTrue(logits.isfinite().all().item<bool>());
    }

    [TestMethod]
    public void Logits_OneStartAndTimeForAll_EqualThoseSpelledOut()
    {
        using var scope = NewDisposeScope();
        using var model = TinyModel.Create();
        using var generator = new Generator(2);
        var share = model.ImageShare(TinyModel.Pixels(3, generator));
        var z = randn(1, 3, generator: generator);

        var shared = model.Logits(share, z, full(1, 1, 0.5f));

        // A product of one row may be blocked otherwise than one of three.
        Assert.IsTrue(shared.allclose(model.Logits(share, z.expand(3, 3), full(3, 1, 0.5f)), rtol: 0, atol: 1e-5));
    }

    [TestMethod]
    public void Create_SameSeed_GivesTheSameWeightsAndAnotherSeedOthers()
    {
        using var model = TinyModel.Create(seed: 5);
        using var again = TinyModel.Create(seed: 5);
        using var other = TinyModel.Create(seed: 6);

        foreach (var ((name, value), (_, same), (_, different)) in model.Weights.Values.Zip(again.Weights.Values, other.Weights.Values))
        {
            CollectionAssert.AreEqual(value.data<float>().ToArray(), same.data<float>().ToArray(), name);
            Assert.IsTrue(IsConstant(name) || !value.allclose(different), name);
        }
    }

    [TestMethod]
    public void Create_OwnGenerator_LeavesTheProcessWideOneAlone()
    {
        using var scope = NewDisposeScope();
        var before = Generator.Default.get_state().data<byte>().ToArray();

        using var model = TinyModel.Create(NoPropOptions.JaxReference);

        CollectionAssert.AreEqual(before, Generator.Default.get_state().data<byte>().ToArray());
    }

    [TestMethod]
    [DataRow(EmbeddingKind.OneHot)]
    [DataRow(EmbeddingKind.LearnedUnitNorm)]
    [DataRow(EmbeddingKind.Learned)]
    public void Dispose_AfterUse_LeavesNoTensor(EmbeddingKind embedding)
    {
        var before = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        using (NewDisposeScope())
        {
            using var model = TinyModel.Create(new NoPropOptions { Embedding = new() { Kind = embedding } });
            model.Embedding.MeanNorm();
            model.Logits(model.ImageShare(ones(1, 1, 8, 8)), zeros(1, model.Embedding.Dimension), zeros(1, 1));
        }

        Assert.AreEqual(before, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    [TestMethod]
    public void EmbeddingNorm_KnownRows_IsTheirMeanLength()
    {
        using var model = TinyModel.Create(
            new NoPropOptions { Embedding = new() { Kind = EmbeddingKind.Learned, Dimension = 2 } },
            classes: 2);
        TinyModel.Set(model, "embedding.rows", 3, 4, 0, -1);

        // (√(9+16) + 1)/2
        Assert.AreEqual(3, model.Embedding.MeanNorm(), 1e-6);
    }

    // E[u|z] = √ᾱ·z for a normal label u of variance 1, z = √ᾱ·u + √(1−ᾱ)·ε.
    [TestMethod]
    public void LabelShare_BlockOfDiscreteTime_IsThatOfTheLabelTimesItsSignal()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        using var model =
            TinyModel.Create(new NoPropOptions { Variant = new DiscreteTime { BlockCount = 3, LogSnrAtNoise = -6, BlockMaxLogSnr = -2 } });
        var z = randn(4, 3, generator: generator);

        foreach (var (block, logSnr) in model.Blocks.Zip([-6.0, -4, -2]))
        {
            var signal = 1 / Math.Sqrt(1 + Math.Exp(-logSnr));

            Assert.AreEqual(signal, block.LabelScale, 1e-15);
            var unscaled = block.Head.LabelShare(block.LabelEncoder.Code(z * signal));
            Assert.IsTrue(block.LabelShare(z).allclose(unscaled, rtol: 0, atol: 1e-6)); // the same numbers, rounded once
        }
    }

    [TestMethod]
    [DataRow(VariantKind.ContinuousTime)]
    [DataRow(VariantKind.FlowMatching)]
    [DataRow(VariantKind.CrossEntropyBaseline)]
    public void LabelScale_BlockOfAllTimes_IsOne(VariantKind variant)
    {
        using var model = TinyModel.Create(new NoPropOptions { Variant = variant.Create() });

        Assert.AreEqual(1, model.Blocks.Single().LabelScale);
        Assert.IsEmpty(model.Levels);
    }

    private static bool IsConstant(string name) =>
        name.StartsWith("normalization.", StringComparison.Ordinal)
            || name.Contains("_norm.", StringComparison.Ordinal)
            || name is "schedule.level" or "schedule.noise_end" or "schedule.label_end";
}
