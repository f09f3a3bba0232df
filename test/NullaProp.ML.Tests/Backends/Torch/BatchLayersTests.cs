using NullaProp.ML.Backends.Torch;
using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tests.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Backends.Torch;

/// <summary>The features of batches of every size against libtorch's own layers, and to the bit what an image gets by itself.</summary>
[TestClass]
public sealed class BatchLayersTests
{
    private const double Rounding = 1e-4;

    // Hidden sizes that fill vectors and that do not; fewer rows than are multiplied at once, and more than a group takes.
    [TestMethod]
    [DataRow(NoPropBackbone.SmallConv, 5, 1)]
    [DataRow(NoPropBackbone.SmallConv, 16, 3)]
    [DataRow(NoPropBackbone.SmallConv, 33, 41)]
    [DataRow(NoPropBackbone.PaperConv, 20, 18)]
    [DataRow(NoPropBackbone.ResNet18, 16, 5)]
    public void Features_AnyBatch_AreLibtorchs(NoPropBackbone backbone, int hidden, int rows)
    {
        using var scope = NewDisposeScope();
        using var mode = no_grad();
        var options = new NoPropOptions { Backbone = backbone, HiddenSize = hidden };
        using var model = new Denoiser(Weights.Drawn(new RandomStreams(1), CPU), options, TinyModel.Shape, classes: 3);
        var network = model.Blocks[0].Backbone;
        using var generator = new Generator(1);
        var images = randn([rows, 1, 8, 8], dtype: ScalarType.Float32, device: CPU, generator: generator);
        var own = new BatchLayers(network.Layers()!, TinyModel.Shape);

        var features = own.Features(images);

        Assert.AreEqual(hidden, features.shape[1]);
        var expected = network.Features(images);
        Assert.IsLessThan(Rounding, (features - expected).abs().max().item<float>() / expected.abs().max().item<float>());
        var alone = cat([.. Enumerable.Range(0, rows).Select(row => own.Features(images.narrow(0, row, 1)))]);
        CollectionAssert.AreEqual(alone.data<float>().ToArray(), features.data<float>().ToArray());
    }
}
