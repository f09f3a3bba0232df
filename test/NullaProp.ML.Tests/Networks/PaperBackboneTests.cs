using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class PaperBackboneTests
{
    // By hand: convolutions C→32, 32→64, 64→128 of 9 weights and a bias, then 128·(side/4)²→256; the norm adds 2·256. With the label path
    // and head of figure 6, not counted here, these are the 1.95 and 2.44 million of continuous time, 2.00 and 2.49 of a discrete block.
    [TestMethod]
    [DataRow(1, 28, "ReLU", 320L + 18_496 + 73_856 + ((6_272 * 256) + 256))]
    [DataRow(3, 32, "ReLU", 896L + 18_496 + 73_856 + ((8_192 * 256) + 256))]
    [DataRow(1, 28, "BatchNorm", 320L + 18_496 + 73_856 + ((6_272 * 256) + 256) + 512)]
    public void Weights_OfThePapersImages_AreCountedByHand(int channels, int side, string ending, long count)
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        _ = new PaperBackbone(weights.Under("b"), new ImageShape(channels, side, side), 256, Enum.Parse<PaperEnding>(ending));

        Assert.AreEqual(count, weights.Trained.Sum(weight => weight.Value.numel()));
    }

    [TestMethod]
    [DataRow(1, 8, 8)]
    [DataRow(3, 9, 13)]
    public void Features_InScoring_AreThoseOfFigureSix(int channels, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = new PaperBackbone(weights.Under("b"), new ImageShape(channels, height, width), 7, PaperEnding.ReLU);
        var images = randn([5, channels, height, width], generator: generator);
        var byName = weights.Values.ToDictionary(pair => pair.Key, pair => pair.Value);

        var features = backbone.Features(images);

        var x = nn.functional.max_pool2d(Clipped(images, "b.conv1"), 2L);
        x = nn.functional.max_pool2d(Clipped(Clipped(x, "b.conv2"), "b.conv3"), 2L);
        var expected = (x.flatten(1).mm(byName["b.linear.weight"].t()) + byName["b.linear.bias"]).relu();
        // Single precision; sums over up to 768 products near 0.01.
        Assert.IsTrue(features.allclose(expected, rtol: 0, atol: 1e-5));

        Tensor Clipped(Tensor input, string layer) =>
            nn.functional.conv2d(input, byName[layer + ".weight"], byName[layer + ".bias"], padding: [1, 1]).relu();
    }

    [TestMethod]
    public void Features_InTraining_DependOnTheStreamsOfTheTraining()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = new PaperBackbone(weights.Under("b"), new ImageShape(1, 8, 8), 16, PaperEnding.BatchNorm);
        var images = randn([4, 1, 8, 8], generator: generator);

        var (first, again, other) = (Train(1), Train(1), Train(2));

        Assert.IsTrue(first.equal(again).all().item<bool>());
        Assert.IsFalse(first.equal(other).all().item<bool>());
        // Normalised over the batch and not clipped.
        Assert.AreEqual(0, first.mean([0]).abs().max().item<float>(), 1e-5);
        Assert.IsLessThan(0, first.min().item<float>());

        Tensor Train(int seed) => backbone.Features(images, TinyModel.Training(seed));
    }
}
