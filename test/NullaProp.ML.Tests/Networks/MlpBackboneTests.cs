using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class MlpBackboneTests
{
    [TestMethod]
    public void Features_OfVectors_AreThreeLinearLayersWithReLUBetween()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var backbone = new MlpBackbone(weights.Under("b"), new ImageShape(5, 1, 1), 4);
        var images = randn([3, 5, 1, 1], generator: generator);
        var byName = weights.Values.ToDictionary(pair => pair.Key, pair => pair.Value);

        var features = backbone.Features(images);

        var x = Layer(images.view(3, 5), "first").clamp(min: 0);
        x = Layer(x, "second").clamp(min: 0);
        // Single precision; sums over up to 5 products near 1.
        Assert.IsTrue(features.allclose(Layer(x, "output"), rtol: 0, atol: 1e-6));

        Tensor Layer(Tensor input, string name) => input.mm(byName[$"b.{name}.weight"].t()) + byName[$"b.{name}.bias"];
    }

    // 13→8, 8→8 and 8→8, whatever the layout of the 13 values.
    [TestMethod]
    [DataRow(13, 1, 1)]
    [DataRow(1, 13, 1)]
    public void Weights_OfThirteenValues_AreCountedByHand(int channels, int height, int width)
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        _ = new MlpBackbone(weights.Under("b"), new ImageShape(channels, height, width), 8);

        Assert.AreEqual(((13L * 8) + 8) + (2 * ((8 * 8) + 8)), weights.Trained.Sum(weight => weight.Value.numel()));
    }
}
