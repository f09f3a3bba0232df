using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class ResidualBlockTests
{
    // One pixel, so that only the middle of a 3×3 kernel counts: y = ReLU(w₂·ReLU(w₁·x) + shortcut), each norm with variance 1 dividing by
    // √(1 + 10⁻⁵).
    [TestMethod]
    [DataRow(2f, 3f, 0.5f, 5f)] // 0.5·6 + 2
    [DataRow(2f, -3f, 0.5f, 2f)] // the inner ReLU clips −6
    [DataRow(2f, 3f, -0.5f, 0f)] // −0.5·6 + 2, clipped
    [DataRow(-2f, -3f, 0.5f, 1f)] // 0.5·6 − 2
    public void Basic_OnePixel_IsComputedByHand(float x, float first, float second, float expected)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var block = ResidualBlock.Basic(weights.Under("b"), 1, 1, 1);
        using var mode = no_grad();
        weights.Values.Single(weight => weight.Key == "b.conv1.weight").Value.fill_(first);
        weights.Values.Single(weight => weight.Key == "b.conv2.weight").Value.fill_(second);

        var y = block.Forward(full(1, 1, 1, 1, x), training: null).item<float>();

        Assert.AreEqual(expected, y, 1e-3f);
    }

    // Torchvision's arithmetic of sizes: ⌈n/stride⌉.
    [TestMethod]
    [DataRow(1, 5, 6, 5, 6)]
    [DataRow(2, 5, 6, 3, 3)]
    public void Bottleneck_Stride_SetsTheSizeAndFourfoldWidth(int stride, int height, int width, int newHeight, int newWidth)
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var block = ResidualBlock.Bottleneck(weights.Under("b"), 3, 2, stride);
        using var mode = no_grad();

        var y = block.Forward(ones(1, 3, height, width), training: null);

        CollectionAssert.AreEqual(new long[] { 1, 8, newHeight, newWidth }, y.shape);
    }
}
