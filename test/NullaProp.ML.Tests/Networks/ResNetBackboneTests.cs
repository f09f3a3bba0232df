using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class ResNetBackboneTests
{
    // torchvision's counts (11,689,512, 25,557,032 and 60,192,808) without their classifiers of 1000 classes.
    [TestMethod]
    [DataRow(NoPropBackbone.ResNet18, 512, 11_176_512L)]
    [DataRow(NoPropBackbone.ResNet50, 2048, 23_508_032L)]
    [DataRow(NoPropBackbone.ResNet152, 2048, 58_143_808L)]
    public void Weights_WithImageNetsStem_AreAsManyAsTorchvisions(NoPropBackbone kind, int width, long count)
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        BackboneFactory.Create(
            weights.Under("backbone"),
            new NoPropOptions { Backbone = kind, HiddenSize = 1 },
            new ImageShape(3, 224, 224));

        Assert.AreEqual(count + width + 1, weights.Trained.Sum(weight => weight.Value.numel()));
    }

    // Names of torchvision's state dict, with the number of weights in each.
    [TestMethod]
    [DataRow(64, "conv1.weight", 64 * 3 * 7 * 7)]
    [DataRow(32, "conv1.weight", 64 * 3 * 3 * 3)]
    [DataRow(32, "bn1.running_var", 64)]
    [DataRow(32, "layer1.0.conv1.weight", 64 * 64 * 9)]
    [DataRow(32, "layer2.0.downsample.0.weight", 128 * 64)]
    [DataRow(32, "layer2.0.downsample.1.running_mean", 128)]
    [DataRow(32, "layer4.1.bn2.bias", 512)]
    [DataRow(32, "output.weight", 512 * 8)]
    public void Weights_OfResNet18_HaveTorchvisionsNames(int side, string name, int count)
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        _ = new ResNetBackbone(weights.Under("backbone"), ResNetDepth.Of18, new ImageShape(3, side, side), 8);

        Assert.AreEqual(count, weights.Values.Single(weight => weight.Key == $"backbone.{name}").Value.numel());
    }

    [TestMethod]
    [DataRow(NoPropBackbone.ResNet18, 3, 8, 8)]
    [DataRow(NoPropBackbone.ResNet18, 1, 9, 70)] // small stem: the smaller side counts
    [DataRow(NoPropBackbone.ResNet18, 3, 64, 65)]
    [DataRow(NoPropBackbone.ResNet50, 1, 8, 11)]
    public void Features_OfAnyStem_AreFiniteAndDependOnTheImage(NoPropBackbone kind, int channels, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = BackboneFactory.Create(
            weights.Under("backbone"),
            new NoPropOptions { Backbone = kind, HiddenSize = 5 },
            new ImageShape(channels, height, width));
        using var mode = no_grad();

        var features = backbone.Features(randn([2, channels, height, width], generator: generator));

        CollectionAssert.AreEqual(new long[] { 2, 5 }, features.shape);
        Assert.IsTrue(features.isfinite().all().item<bool>());
        Assert.IsFalse(features[0].equal(features[1]).all().item<bool>());
    }

    // The whole network from plain torch operations by the names of its weights.
    [TestMethod]
    [DataRow(16)]
    [DataRow(64)]
    public void Maps_OfResNet18_EqualTheNetworkWrittenOut(int side)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = new ResNetBackbone(weights.Under("b"), ResNetDepth.Of18, new ImageShape(3, side, side), 5);
        var byName = weights.Values.ToDictionary(pair => pair.Key, pair => pair.Value);
        var images = randn([2, 3, side, side], generator: generator);
        using var mode = no_grad();

        var maps = backbone.Maps(images, training: null);

        var x = side < 64
            ? Normed(images, "conv1", "bn1", 1, 1).relu()
            : nn.functional.max_pool2d(Normed(images, "conv1", "bn1", 2, 3).relu(), 3, 2, 1);
        foreach (var (layer, i) in Enumerable.Range(1, 4).SelectMany(layer => new[] { (layer, 0), (layer, 1) }))
        {
            var (name, stride) = ($"layer{layer}.{i}", layer > 1 && i == 0 ? 2 : 1);
            var y = Normed(x, $"{name}.conv1", $"{name}.bn1", stride, 1).relu();
            y = Normed(y, $"{name}.conv2", $"{name}.bn2", 1, 1);
            x = (y + (stride == 2 ? Normed(x, $"{name}.downsample.0", $"{name}.downsample.1", 2, 0) : x)).relu();
        }

        // Single precision; relative to values that grow from block to block.
        Assert.IsTrue(maps.allclose(x.mean([2, 3]), rtol: 1e-4, atol: 1e-4));

        // Running mean 0 and variance 1, scale 1 and shift 0: the first norm divides by √(1 + 10⁻⁵) alone.
        Tensor Normed(Tensor input, string convolution, string norm, int stride, int padding) =>
            nn.functional.conv2d(input, byName[$"b.{convolution}.weight"], strides: [stride, stride], padding: [padding, padding])
            / Math.Sqrt(1 + 1e-5) * byName[$"b.{norm}.weight"].view(1, -1, 1, 1);
    }

    [TestMethod]
    public void Maps_InTraining_MoveEveryRunningMean()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = new ResNetBackbone(weights.Under("b"), ResNetDepth.Of18, new ImageShape(1, 8, 8), 5);
        var images = randn([4, 1, 8, 8], generator: generator);

        backbone.Features(images, TinyModel.Training()).sum().backward();

        Assert.IsTrue(weights.Values
            .Where(weight => weight.Key.EndsWith("running_mean", StringComparison.Ordinal))
            .All(weight => weight.Value.abs().max().item<float>() > 0));
        Assert.IsTrue(weights.Trained.All(weight => weight.Value.grad is { } gradient && gradient.isfinite().all().item<bool>()));
    }
}
