using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class WeightsTests
{
    [TestMethod]
    public void OfRole_EveryRole_HoldsWhatItShould()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);
        var scope = weights.Under("a").Under("b");

        scope.Matrix("decayed", Initializers.Constant(1), 2, 3);
        scope.Undecayed("undecayed", Initializers.Constant(1), 3);
        scope.Fixed("fixed", Initializers.Constant(1), 1);

        CollectionAssert.AreEqual(
            new[] { "a.b.decayed", "a.b.undecayed", "a.b.fixed" },
            weights.Values.Select(weight => weight.Key).ToArray());
        CollectionAssert.AreEqual(new[] { "a.b.decayed", "a.b.undecayed" }, weights.Trained.Select(weight => weight.Key).ToArray());
        Assert.IsTrue(weights.OfRole(WeightRole.Decayed).Single().Value.requires_grad);
        Assert.IsTrue(weights.OfRole(WeightRole.Undecayed).Single().Value.requires_grad);
        Assert.IsFalse(weights.OfRole(WeightRole.Fixed).Single().Value.requires_grad);
    }

    // 64 maps of 184 × 184 numbers, as of photos of 736 pixels: TorchSharp fills no tensor of more bytes than an int counts.
    [TestMethod]
    public void Add_MatrixTooLargeToFill_IsRefusedUnmade()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        var fault = Assert.ThrowsExactly<InvalidOperationException>(
            () => weights.Under("head").Matrix("weight", Initializers.Constant(1), 64 * 184 * 184, 256));

        Assert.StartsWith(
            "The weight 'head.weight' would have 2166784 × 256 = 554,696,704 numbers, but may have at most 536,870,911.",
            fault.Message);
    }

    [TestMethod]
    public void Add_InsideADisposeScope_OutlivesIt()
    {
        using var weights = Weights.Drawn(new RandomStreams(1), CPU);

        using (NewDisposeScope())
        {
            weights.Under("a").Matrix("x", Initializers.Constant(2), 1);
        }

        Assert.AreEqual(2f, weights.Values.Single().Value.item<float>());
    }

    [TestMethod]
    public void Take_ValueOfAnotherShape_IsRefused()
    {
        using var weights = Weights.Promised(new Lazy<Device>(CPU));
        weights.Under("a").Matrix("x", Initializers.Constant(0), 3, 2);

        Assert.Throws<ArgumentException>(() => weights.Take("a.x", new([2, 3], new float[6])));
    }

    [TestMethod]
    public void Promised_ValueThatHasNotArrived_SaysSo()
    {
        using var weights = Weights.Promised(new Lazy<Device>(CPU));
        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2);

        Assert.AreEqual(2, weight.Count);
        Assert.ThrowsExactly<InvalidOperationException>(weight.Host);
        Assert.ThrowsExactly<InvalidOperationException>(() => weight.Value);
    }

    [TestMethod]
    public void Take_WeightOfAModule_ChangesTheModule()
    {
        using var own = nn.Parameter(zeros(2));
        using var weights = Weights.Promised(new Lazy<Device>(CPU));
        weights.Adopt("a.x", own, WeightRole.Decayed);

        weights.Take("a.x", new([2], [1, 2]));

        CollectionAssert.AreEqual(new[] { 1f, 2f }, own.data<float>().ToArray());
    }

    [TestMethod]
    public void Promised_Weight_IsATrainableTensorOnceAskedForAndFollowsIt()
    {
        using var weights = Weights.Promised(new Lazy<Device>(CPU));
        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2);
        weights.Take("a.x", new([2], [1, 2]));
        CollectionAssert.AreEqual(new[] { 1f, 2f }, weight.Host().Values);

        using (no_grad())
        {
            weight.Value.mul_(5);
        }

        Assert.IsTrue(weight.Value.requires_grad);
        CollectionAssert.AreEqual(new[] { 5f, 10f }, weight.Host().Values);
        CollectionAssert.AreEqual(new[] { 5f, 10f }, weights.All.Single().Value.Host().Values);
    }

    [TestMethod]
    public void Promised_WeightThatNobodyAskedFor_NeedsNoDevice()
    {
        using var weights = Weights.Promised(new Lazy<Device>(() => throw new InvalidOperationException("libtorch was asked for")));

        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2);
        weights.Take("a.x", new([2], [1, 2]));

        CollectionAssert.AreEqual(new[] { 1f, 2f }, weight.Host().Values);
        Assert.AreEqual(2, weights.TrainedCounts.Single().Value);
        Assert.ThrowsExactly<InvalidOperationException>(() => weight.Value);
    }
}
