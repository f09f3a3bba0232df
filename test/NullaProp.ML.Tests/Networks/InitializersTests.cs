using NullaProp.ML.Networks;
using NullaProp.ML.Randomness;
using static TorchSharp.torch;

namespace NullaProp.ML.Tests.Networks;

[TestClass]
public sealed class InitializersTests
{
    [TestMethod]
    [DataRow(1L)]
    [DataRow(9L)]
    [DataRow(3136L)]
    public void FanIn_ManyDraws_FillTheRangeAndStayInIt(long fanIn)
    {
        using var scope = NewDisposeScope();
        var bound = 1 / Math.Sqrt(fanIn); // PyTorch's default for linear and convolution layers

        var values = Initializers.FanIn(fanIn)([100, 100], Stream());

        // Of 10,000 uniform draws the largest misses the bound by 1/10,000 of the range on average. One rounding of single precision.
        Assert.IsLessThanOrEqualTo(bound * (1 + 1e-6), values.abs().max().item<float>());
        Assert.IsGreaterThan(0.99 * bound, values.max().item<float>());
        Assert.IsLessThan(-0.99 * bound, values.min().item<float>());
    }

    [TestMethod]
    public void Uniform_Bounds_AreKept()
    {
        using var scope = NewDisposeScope();

        var values = Initializers.Uniform(-3, -2)([1000], Stream());

        Assert.IsGreaterThanOrEqualTo(-3, values.min().item<float>());
        Assert.IsLessThanOrEqualTo(-2, values.max().item<float>());
    }

    [TestMethod]
    public void Constant_Number_IsEverywhere()
    {
        using var scope = NewDisposeScope();

        var values = Initializers.Constant(2.5)([2, 3], Stream());

        CollectionAssert.AreEqual(Enumerable.Repeat(2.5f, 6).ToArray(), values.data<float>().ToArray());
    }

    [TestMethod]
    public void All_SameStream_GiveTheSameAndLeaveTheProcessWideGeneratorAlone()
    {
        using var scope = NewDisposeScope();
        Initializer[] initializers =
        [
            Initializers.FanIn(4),
            Initializers.Uniform(0, 1),
            Initializers.Normal(0.01),
            Initializers.OrthogonalRows(),
        ];
        var global = Generator.Default.get_state().data<byte>().ToArray();

        foreach (var initializer in initializers)
        {
            Assert.IsTrue(initializer([3, 5], Stream()).allclose(initializer([3, 5], Stream()), rtol: 0, atol: 0));
        }

        CollectionAssert.AreEqual(global, Generator.Default.get_state().data<byte>().ToArray());
    }

    private static RandomStream Stream() => new RandomStreams(1).Of("weights/w");
}
