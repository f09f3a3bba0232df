using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class PixelNormalizationTests
{
    [TestMethod]
    public void Apply_KnownScaling_SubtractsAndMultipliesByChannel()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var normalization = new PixelNormalization(weights.Under("n"), new ImageShape(2, 1, 1));
        normalization.Set([10, -1], [0.25, 2]);

        var pixels = normalization.Apply(tensor(new[] { 10f, 14f, -1f, 0f }).view(1, 2, 1, 2));

        CollectionAssert.AreEqual(new[] { 0f, 1f, 0f, 2f }, pixels.data<float>().ToArray());
    }

    [TestMethod]
    public void Apply_Bytes_GivesFloats()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var normalization = new PixelNormalization(weights.Under("n"), new ImageShape(1, 1, 1));
        normalization.Set([100], [0.02]);

        var pixels = normalization.Apply(tensor(new byte[] { 0, 255 }).view(1, 1, 1, 2));

        CollectionAssert.AreEqual(new[] { -2f, 3.1f }, pixels.data<float>().ToArray());
    }

    [TestMethod]
    public void Apply_ScaleZero_IsZeroAlways()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var normalization = new PixelNormalization(weights.Under("n"), new ImageShape(1, 1, 1));

        normalization.Set([7], [0]);

        var pixels = normalization.Apply(tensor(new[] { 7f, 8f, -1e30f }).view(1, 1, 1, 3));
        Assert.IsTrue(pixels.data<float>().ToArray().All(value => value == 0));
        Assert.IsEmpty(weights.Trained);
    }
}
