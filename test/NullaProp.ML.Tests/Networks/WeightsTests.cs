using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using NullaProp.ML.Tensors;
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

        CollectionAssert.AreEqual(new[] { "a.b.decayed", "a.b.undecayed", "a.b.fixed" }, weights.Values.Select(weight => weight.Key).ToArray());
        CollectionAssert.AreEqual(new[] { "a.b.decayed", "a.b.undecayed" }, weights.Trained.Select(weight => weight.Key).ToArray());
        Assert.IsTrue(weights.OfRole(WeightRole.Decayed).Single().Value.requires_grad);
        Assert.IsTrue(weights.OfRole(WeightRole.Undecayed).Single().Value.requires_grad);
        Assert.IsFalse(weights.OfRole(WeightRole.Fixed).Single().Value.requires_grad);
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
    public void Stored_WeightOfAnotherShape_NamesItAndBothShapes()
    {
        using var weights = Stored(new([2, 3], new float[6]));

        var fault = Assert.ThrowsExactly<FormatException>(() => weights.Under("a").Matrix("x", Initializers.Constant(0), 3, 2));

        Assert.Contains("'a.x'", fault.Message);
        Assert.Contains("(2, 3)", fault.Message);
        Assert.Contains("(3, 2)", fault.Message);
    }

    [TestMethod]
    public void Stored_WeightThatIsMissing_NamesIt()
    {
        using var weights = Weights.Stored(new Dictionary<string, HostTensor>(), new Lazy<Device>(CPU));

        var fault = Assert.ThrowsExactly<FormatException>(() => weights.Under("a").Matrix("x", Initializers.Constant(0), 2));

        Assert.Contains("no weight 'a.x'", fault.Message);
    }

    [TestMethod]
    public void Stored_WeightThatIsNotFinite_NamesIt()
    {
        using var weights = Stored(new([2], [1, float.NaN]));

        var fault = Assert.ThrowsExactly<FormatException>(() => weights.Under("a").Matrix("x", Initializers.Constant(0), 2));

        Assert.Contains("'a.x' in the model file holds NaN or infinity", fault.Message);
    }

    [TestMethod]
    public void Stored_Weight_IsATrainableTensorOnceAskedForAndFollowsIt()
    {
        using var weights = Stored(new([2], [1, 2]));
        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2);
        CollectionAssert.AreEqual(new[] { 1f, 2f }, weight.Host().Values);

        using (no_grad())
        {
            weight.Value.mul_(5);
        }

        Assert.IsTrue(weight.Value.requires_grad);
        CollectionAssert.AreEqual(new[] { 5f, 10f }, weight.Host().Values);
        CollectionAssert.AreEqual(new[] { 5f, 10f }, weights.HostValues.Single().Value.Values);
    }

    [TestMethod]
    public void Stored_WeightThatNobodyAskedFor_NeedsNoDevice()
    {
        using var weights = Weights.Stored(
            new Dictionary<string, HostTensor> { ["a.x"] = new([2], [1, 2]) },
            new Lazy<Device>(() => throw new InvalidOperationException("libtorch was asked for")));

        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2);

        CollectionAssert.AreEqual(new[] { 1f, 2f }, weight.Host().Values);
        Assert.AreEqual(2, weights.TrainedCounts.Single().Value);
        Assert.ThrowsExactly<InvalidOperationException>(() => weight.Value);
    }

    private static Weights Stored(HostTensor value) => Weights.Stored(new Dictionary<string, HostTensor> { ["a.x"] = value }, new Lazy<Device>(CPU));
}
