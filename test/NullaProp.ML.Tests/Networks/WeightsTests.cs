using NullaProp.ML.Networks;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class WeightsTests
{
    [TestMethod]
    public void OfRole_EveryRole_HoldsWhatItShould()
    {
        using var weights = Weights.Drawn(new Generator(1), CPU);
        var scope = weights.Under("a").Under("b");

        scope.Matrix("decayed", Initializers.Constant(1), 2, 3);
        scope.Undecayed("undecayed", Initializers.Constant(1), 3);
        scope.Fixed("fixed", Initializers.Constant(1), 1);

        CollectionAssert.AreEqual(new[] { "a.b.decayed", "a.b.undecayed", "a.b.fixed" }, weights.Values.Select(weight => weight.Key).ToArray());
        CollectionAssert.AreEqual(new[] { "a.b.decayed", "a.b.undecayed" }, weights.Trained.Select(weight => weight.Key).ToArray());
        Assert.IsTrue(weights.OfRole(WeightRole.Decayed).Single().requires_grad);
        Assert.IsTrue(weights.OfRole(WeightRole.Undecayed).Single().requires_grad);
        Assert.IsFalse(weights.OfRole(WeightRole.Fixed).Single().requires_grad);
    }

    [TestMethod]
    public void Add_InsideADisposeScope_OutlivesIt()
    {
        using var weights = Weights.Drawn(new Generator(1), CPU);

        using (NewDisposeScope())
        {
            weights.Under("a").Matrix("x", Initializers.Constant(2), 1);
        }

        Assert.AreEqual(2f, weights.Values.Single().Value.item<float>());
    }

    [TestMethod]
    public void Stored_WeightOfAnotherShape_NamesItAndBothShapes()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Stored(new Dictionary<string, Tensor> { ["a.x"] = zeros(2, 3) }, CPU);

        var fault = Assert.ThrowsExactly<FormatException>(() => weights.Under("a").Matrix("x", Initializers.Constant(0), 3, 2));

        Assert.Contains("'a.x'", fault.Message);
        Assert.Contains("(2, 3)", fault.Message);
        Assert.Contains("(3, 2)", fault.Message);
    }

    [TestMethod]
    public void Stored_WeightOfAnotherType_NamesItsType()
    {
        using var scope = NewDisposeScope();
        using var weights = Weights.Stored(new Dictionary<string, Tensor> { ["a.x"] = zeros(2, dtype: ScalarType.Float64) }, CPU);

        var fault = Assert.ThrowsExactly<FormatException>(() => weights.Under("a").Matrix("x", Initializers.Constant(0), 2));

        Assert.Contains("Float64", fault.Message);
    }

    [TestMethod]
    public void Stored_WeightThatIsMissing_NamesIt()
    {
        using var weights = Weights.Stored(new Dictionary<string, Tensor>(), CPU);

        var fault = Assert.ThrowsExactly<FormatException>(() => weights.Under("a").Matrix("x", Initializers.Constant(0), 2));

        Assert.Contains("no weight 'a.x'", fault.Message);
    }

    [TestMethod]
    public void Stored_GivenTensor_IsCopied()
    {
        using var stored = ones(2);
        using var weights = Weights.Stored(new Dictionary<string, Tensor> { ["a.x"] = stored }, CPU);
        var weight = weights.Under("a").Matrix("x", Initializers.Constant(0), 2);

        using (no_grad())
        {
            stored.fill_(5);
        }

        CollectionAssert.AreEqual(new[] { 1f, 1f }, weight.data<float>().ToArray());
    }
}
