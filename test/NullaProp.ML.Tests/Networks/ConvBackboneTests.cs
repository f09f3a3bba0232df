using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class ConvBackboneTests
{
    // The JAX reference clips before it pools: the larger of two clipped numbers is the larger one, clipped.
    [TestMethod]
    [DataRow(1, 8, 8)]
    [DataRow(3, 9, 13)]
    public void Features_PoolingBeforeReLU_EqualTheReferencesOrder(int channels, int height, int width)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = new ConvBackbone(weights.Under("b"), new ImageShape(channels, height, width), 7);
        var images = randn([5, channels, height, width], generator: generator);
        var byName = weights.Values.ToDictionary(pair => pair.Key, pair => pair.Value);

        var features = backbone.Features(images);

        var x = Clipped(images, "b.conv1");
        x = Clipped(x, "b.conv2");
        var expected = x.flatten(1).mm(byName["b.output.weight"].t()) + byName["b.output.bias"];
        // Single precision; sums over up to 384 products near 0.1.
        Assert.IsTrue(features.allclose(expected, rtol: 0, atol: 1e-5));

        Tensor Clipped(Tensor input, string layer) =>
            nn.functional.max_pool2d(
                nn.functional.relu(nn.functional.conv2d(input, byName[layer + ".weight"], byName[layer + ".bias"], padding: [1, 1])),
                2L);
    }

    [TestMethod]
    public void Forward_ConvolutionOfOnes_CountsTheNeighbours()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var convolution = new Convolution(weights.Under("c"), 2, 1);
        using (no_grad())
        {
            weights.Values.First().Value.fill_(1); // kernel
            weights.Values.Last().Value.fill_(0.5f); // bias
        }

        var sums = convolution.Forward(ones(1, 2, 3, 3))[0, 0].contiguous().data<float>().ToArray();

        // Of a 3×3 neighbourhood padded with 0, a corner sees 4 pixels, an edge 6, the middle 9; twice for two channels, and the bias.
        CollectionAssert.AreEqual(new[] { 8.5f, 12.5f, 8.5f, 12.5f, 18.5f, 12.5f, 8.5f, 12.5f, 8.5f }, sums);
    }
}
