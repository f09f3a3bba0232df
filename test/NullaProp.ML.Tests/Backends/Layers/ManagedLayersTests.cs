using NullaProp.ML.Backends.Layers;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Backends.Layers;

/// <summary>Whole image networks in managed memory, against the same in libtorch.</summary>
[TestClass]
public sealed class ManagedLayersTests
{
    public static IEnumerable<object[]> Networks =>
    [
        [NoPropBackbone.SmallConv, new ImageShape(1, 28, 28)],
        [NoPropBackbone.SmallConv, new ImageShape(3, 9, 13)],
        [NoPropBackbone.PaperConv, new ImageShape(3, 17, 12)],
        [NoPropBackbone.Mlp, new ImageShape(1, 3, 5)],
        [NoPropBackbone.ResNet18, new ImageShape(3, 32, 32)],
        [NoPropBackbone.ResNet18, new ImageShape(1, 9, 11)],
        [NoPropBackbone.ResNet18, new ImageShape(3, 96, 65)],
        [NoPropBackbone.ResNet50, new ImageShape(3, 40, 33)],
        [NoPropBackbone.SmallConv, new ImageShape(3, 8, 530)], // rows of more pixels than are scaled at once
        [NoPropBackbone.Mlp, new ImageShape(1, 1, 600)],
    ];

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Forward_ImageAfterImage_GivesTheFeaturesOfLibtorch(NoPropBackbone backbone, ImageShape shape) =>
        AssertFeatures(backbone, shape, [.. Enumerable.Range(0, shape.Channels).Select(channel => 0.5f * channel)]);

    [TestMethod]
    [DynamicData(nameof(Networks))]
    public void Forward_MeanOfEachPlace_GivesTheFeaturesOfLibtorch(NoPropBackbone backbone, ImageShape shape) =>
        AssertFeatures(backbone, shape, [.. Enumerable.Range(0, shape.Size).Select(place => MathF.Sin(place))]);

    private static void AssertFeatures(NoPropBackbone backbone, ImageShape shape, float[] mean)
    {
        const int images = 3;
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        using var weights = Weights.Drawn(new RandomStreams(3), CPU);
        var options = new NoPropOptions { Backbone = backbone, HiddenSize = 24 };
        var network = BackboneFactory.Create(weights.Under("backbone"), options, shape);
        using var generator = new Generator(5, CPU);
        long[] size = [images, shape.Channels, shape.Height, shape.Width];
        var pixels = randn(size, dtype: ScalarType.Float32, device: CPU, generator: generator);
        float[] scale = [.. Enumerable.Range(0, shape.Channels).Select(channel => 2f - channel / 2f)];

        var layers = new ManagedLayers(network.Layers()!, shape, (mean, scale), threads: 1);
        var shared = new ManagedLayers(network.Layers()!, shape, (mean, scale), threads: 3);

        var means = mean.Length == shape.Size ? tensor(mean).view(pixels[0].shape) : tensor(mean).view(-1, 1, 1);
        var normalized = (pixels - means) * tensor(scale).view(1, -1, 1, 1);
        var expected = network.Features(normalized);
        var largest = expected.abs().max().item<float>();
        var (alone, team) = (layers.NewTeam(), shared.NewTeam());
        for (var image = 0; image < images; image++) // in the same memory
        {
            var values = pixels[image].data<float>().ToArray();
            var features = layers.Forward(values, alone, threads: 1)[..24].ToArray();
            CollectionAssert.AreEqual(features, shared.Forward(values, team, threads: 3)[..24].ToArray(), "of three threads, to the bit");
            for (var i = 0; i < features.Length; i++)
            {
                Assert.AreEqual(expected[image, i].item<float>(), features[i], 2e-5 * largest, $"image {image}, feature {i}");
            }
        }
    }
}
